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
/// Layout: the process id and a line end, then what the holder publishes.
class LockFile {
 public:
  virtual ~LockFile() = default;

  /// Puts a text behind the process id, in place of the one before. Nothing is created for it, so it works on
  /// a full disk as well, but a reader may meet a text that is half replaced.
  [[nodiscard]] virtual std::error_code publish(std::string_view text) noexcept = 0;
};

/// Errors: `std::errc::resource_unavailable_try_again` if another process holds it, with its id in `holder`
/// (0 if unknown); else the system's error.
[[nodiscard]] std::error_code take_lock(const std::filesystem::path& path, std::unique_ptr<LockFile>& lock,
                                        std::uint64_t& holder);

/// What a lock file says to others.
struct LockReading {
  bool is_held = false;
  std::uint64_t holder = 0;  ///< 0 if nobody holds it, or if it is unknown: there was no room to write it
  std::string text;          ///< what the holder publishes
};

/// A file that is not there counts as a lock that nobody holds.
[[nodiscard]] std::error_code read_lock(const std::filesystem::path& path, LockReading& reading);

/// Asks the process that holds the lock to stop, as SIGTERM does, and no other one, whatever the file says.
/// `std::errc::no_such_process` if nobody holds it, `std::errc::resource_unavailable_try_again` if it is
/// unknown who does.
[[nodiscard]] std::error_code ask_holder_to_stop(const std::filesystem::path& path, std::uint64_t& holder);

/// The process whose id a file holds: 0 if it holds none, or of a process that is gone, or of one that is
/// younger than the file and so has got the id of one that is gone.
[[nodiscard]] std::uint64_t find_living_process(const std::filesystem::path& path);

}  // namespace mqtt_logger
