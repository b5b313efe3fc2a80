#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace mqtt_logger {

/// Which file this is, whatever its name: it tells a file that was replaced from one that was continued.
/// POSIX: device and inode; Windows: volume serial number and file index.
struct FileIdentity {
  std::uint64_t volume = 0;
  std::uint64_t file = 0;
  auto operator<=>(const FileIdentity&) const = default;
};

/// What a file's name tells without opening it.
struct FileStatus {
  FileIdentity identity;
  std::uint64_t size = 0;
};

/// An open regular file, read and written at given offsets.
///
/// Threads: one owner; sync() may run in another thread beside write_at().
/// Owns:    the system's handle, closed by the destructor. Other programs may read the file meanwhile.
/// Errors:  every function reports the system's error; after a failed write_at() the bytes beyond `offset`
///          are undefined, until truncate() or another write_at().
class File {
 public:
  virtual ~File() = default;

  /// All of `bytes`, by one system call unless the system takes less at a time.
  [[nodiscard]] virtual std::error_code write_at(std::uint64_t offset, std::string_view bytes) noexcept = 0;
  /// Fills `buffer` as far as the file goes; `count` is what was read.
  [[nodiscard]] virtual std::error_code read_at(std::uint64_t offset, std::span<char> buffer,
                                                std::size_t& count) noexcept = 0;
  [[nodiscard]] virtual std::error_code truncate(std::uint64_t size) noexcept = 0;
  /// Bytes are on the device when it returns.
  [[nodiscard]] virtual std::error_code sync() noexcept = 0;
  [[nodiscard]] virtual std::error_code size(std::uint64_t& size) noexcept = 0;
  [[nodiscard]] virtual std::error_code identity(FileIdentity& identity) noexcept = 0;
  /// Whether no name is left of it: somebody has deleted it, and what is written to it is gone with the last
  /// one who has it open. False where nobody can do that, or where that is not told.
  [[nodiscard]] virtual std::error_code check_name(bool& is_deleted) noexcept {
    is_deleted = false;
    return {};
  }
  /// Keeps everybody else who asks for the same from this file, by whatever name, until it is closed; readers
  /// are not hindered. `std::errc::resource_unavailable_try_again` if somebody has it; nothing where the file
  /// system knows no locks.
  [[nodiscard]] virtual std::error_code lock() noexcept = 0;
};

/// The file system, as far as the exports need it. An interface, so that tests can make any call fail or
/// forget what was not synced.
class FileSystem {
 public:
  virtual ~FileSystem() = default;

  /// Opens for reading and writing. `std::errc::no_such_file_or_directory` if there is none.
  [[nodiscard]] virtual std::error_code open(const std::filesystem::path& path,
                                             std::unique_ptr<File>& file) = 0;
  /// Creates a file that must not exist yet, and opens it.
  [[nodiscard]] virtual std::error_code create(const std::filesystem::path& path,
                                               std::unique_ptr<File>& file) = 0;
  /// Gives a file a new name; `std::errc::file_exists` if there is one of that name.
  [[nodiscard]] virtual std::error_code set_aside(const std::filesystem::path& from,
                                                  const std::filesystem::path& to) = 0;
  /// Gives a file the owner, the rights and the times of another one, as far as this process may.
  [[nodiscard]] virtual std::error_code copy_attributes(const std::filesystem::path& from,
                                                        const std::filesystem::path& to) = 0;
  /// Which file has that name now, and its size. `std::errc::no_such_file_or_directory` if there is none.
  [[nodiscard]] virtual std::error_code look_up(const std::filesystem::path& path, FileStatus& status) = 0;
  /// The names in a folder, in any order, of whatever they are.
  [[nodiscard]] virtual std::error_code list(const std::filesystem::path& folder,
                                             std::vector<std::filesystem::path>& names) = 0;
  /// Removes a file, never a folder. `std::errc::no_such_file_or_directory` if there is none.
  [[nodiscard]] virtual std::error_code remove(const std::filesystem::path& path) = 0;
  /// What is left for us on the disk of a folder.
  [[nodiscard]] virtual std::error_code free_space(const std::filesystem::path& folder,
                                                   std::uint64_t& bytes) = 0;
  /// Makes the folder and those above it.
  [[nodiscard]] virtual std::error_code create_folders(const std::filesystem::path& folder) = 0;
  /// The names in a folder are on the device when it returns (where the system has such a thing).
  [[nodiscard]] virtual std::error_code sync_folder(const std::filesystem::path& folder) = 0;
};

/// The folder that a file stands in, as calls want it: `.` if its path names none.
[[nodiscard]] inline std::filesystem::path folder_of(const std::filesystem::path& file) {
  return file.has_parent_path() ? file.parent_path() : ".";
}

/// Whether this says that there is no such file, or not even its folder.
[[nodiscard]] inline bool is_missing(const std::error_code& error) noexcept {
  return error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory;
}

/// The machine's own file system.
[[nodiscard]] FileSystem& system_files() noexcept;

}  // namespace mqtt_logger
