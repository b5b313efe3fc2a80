#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <system_error>

namespace mqtt_logger {

/// A region of memory that survives the process: a file, mapped whole. Or plain memory, which does not.
///
/// Owns:       the mapping, and the exclusive lock on the file; the lock ends with the process, however it
/// ends.
/// Durability: a store survives a crash of the process at once, a power failure after sync().
/// Errors:     a store for which the disk has no room (where it copies on write, or in a hole) waits until
/// there is some, and so does a read that the disk fails: disk_faults() tells of it. (On Windows both end the
/// process; files are allocated there without holes.)
class MappedFile {
 public:
  virtual ~MappedFile() = default;

  [[nodiscard]] virtual std::span<std::byte> bytes() noexcept = 0;
  /// The bytes of this part (and of the pages it touches) are on the device when it returns. Any thread.
  [[nodiscard]] virtual std::error_code sync(std::size_t offset, std::size_t length) noexcept = 0;
  /// Stores the first byte of each 4096 again, from the one that holds `offset` on. After a sync() that
  /// failed the system takes pages for clean that are not on the device, and the next one would succeed
  /// without them. Nobody may store to those bytes meanwhile. Nothing to do for plain memory.
  virtual void mark_dirty(std::size_t offset, std::size_t length) noexcept;

  /// Whether the file still stands where it was opened: nobody has deleted it, moved it away or put another
  /// in its place. True where nobody can.
  [[nodiscard]] virtual std::error_code check_place(bool& is_in_place) noexcept;
  /// Puts a new file with all that is mapped in that place, locks it and maps it at the same address. Nobody
  /// may store to the mapping meanwhile. A file of somebody's that stands there is kept under another name,
  /// `kept_as`; `std::errc::file_exists` if it is locked, or no regular file: it stays.
  [[nodiscard]] virtual std::error_code move_to_new_file(std::filesystem::path& kept_as) noexcept;

  /// How many bytes from the begin on nobody has cut since it was opened or repaired, as far as that was
  /// seen: all, or fewer. Those behind are zeros, or what was stored since. Any thread.
  [[nodiscard]] virtual std::error_code find_cut(std::size_t& whole_bytes) noexcept;
  /// Gives a file that was cut its size and its space again. What was cut is zeros.
  [[nodiscard]] virtual std::error_code repair() noexcept;
};

/// Whether a file that is there, as it is, is one that will be written to.
using LooksOurs = std::function<bool(std::span<const std::byte>)>;

/// Opens `path`, locks it and maps all of it. A file that is not there, or is empty, is created with `size`
/// bytes of zeros, with all its space allocated: a store into a hole on a full disk would end the process.
/// One that is there gets its space as well, unless it does not look ours.
/// Errors: `std::errc::resource_unavailable_try_again` if another process has it locked;
/// `std::errc::no_lock_available` where the file system has no locks; else the system's error. A file that
/// could not be made whole is removed again.
[[nodiscard]] std::error_code map_file(const std::filesystem::path& path, std::size_t size,
                                       std::unique_ptr<MappedFile>& mapped, const LooksOurs& looks_ours = {});

/// Plain memory in place of a file; sync() does nothing. Throws std::bad_alloc.
[[nodiscard]] std::unique_ptr<MappedFile> map_memory(std::size_t size);

}  // namespace mqtt_logger
