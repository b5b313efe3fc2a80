#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

namespace mqtt_logger {

/// A file that says which process uses something, and keeps every other one out. The lock ends with the
/// process, however it ends; the file is removed by the destructor if it still is ours, and one left behind
/// by a crash does no harm.
///
/// Layout: the process id on a line; if it is the lock of an output, "started " and start_of_process() on
/// another; then what the holder publishes.
class LockFile {
 public:
  virtual ~LockFile() = default;

  /// Puts a text behind the process id, in place of the one before. Nothing is created for it, so it works on
  /// a full disk as well, but a reader may meet a text that is half replaced.
  [[nodiscard]] virtual std::error_code publish(std::string_view text) noexcept = 0;

  /// Makes the file again, and locks it, if somebody has deleted it or moved it away: `was_missing`. Says
  /// again whose it is if somebody has emptied it. `std::errc::file_exists` if another one stands in its
  /// place, which stays. Nothing to do where nobody can.
  [[nodiscard]] virtual std::error_code keep(bool& was_missing) noexcept;
};

/// What else reads the file: nobody that of an output; a pid file is read by programs that want a number
/// alone.
enum class LockKind : std::uint8_t { output, pid_file };

/// Errors: `std::errc::resource_unavailable_try_again` if another process holds it, with its id in `holder`
/// (0 if unknown); `std::errc::file_exists` if what is there is no file of this kind, but somebody's, which
/// stays as it is; `std::errc::not_supported` if it is no regular file, and
/// `std::errc::too_many_symbolic_link_levels` if it is a symbolic link; `std::errc::no_lock_available` where
/// the file system has no locks; else the system's error.
[[nodiscard]] std::error_code take_lock(const std::filesystem::path& path, std::unique_ptr<LockFile>& lock,
                                        std::uint64_t& holder, LockKind kind = LockKind::pid_file);

/// What a lock file says to others.
struct LockReading {
  bool is_held = false;
  /// Somebody holds it who is not the process that has written it: a program that locks files to read them.
  bool is_foreign = false;
  /// 0 if nobody holds it, or if it is unknown: there was no room to write it, or it is foreign.
  std::uint64_t holder = 0;
  std::string text;  ///< what the holder publishes
};

/// A file that is not there counts as a lock that nobody holds.
[[nodiscard]] std::error_code read_lock(const std::filesystem::path& path, LockReading& reading);

/// Asks the process that holds the lock to stop, as SIGTERM does, and no other one, whatever the file says.
/// `std::errc::no_such_process` if nobody holds it, `std::errc::resource_unavailable_try_again` if it is
/// unknown who does, `std::errc::device_or_resource_busy` if it is foreign. Anybody who may read the file can
/// lock it, and an id is given out again: the process must be the one that has written the file, which keeps
/// it locked for as long as it lives. The time of its start proves that, or else that it has the file open,
/// or else that it is older than the file.
[[nodiscard]] std::error_code ask_holder_to_stop(const std::filesystem::path& path, std::uint64_t& holder);

/// The process whose id a file holds: 0 if it holds none, or of a process that is gone, or of one that is
/// younger than the file and so has got the id of one that is gone. Errors as take_lock() has them; a file
/// that is not there holds none.
[[nodiscard]] std::error_code find_living_process(const std::filesystem::path& path, std::uint64_t& process);

}  // namespace mqtt_logger
