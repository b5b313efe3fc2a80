#include "mqtt_logger/platform/file.hpp"

#include "handle_windows.hpp"
#include "text_windows.hpp"

#include <windows.h>

#include <algorithm>

namespace mqtt_logger {
namespace {

// Others may read the file, rename and delete it while we write, as on other systems.
constexpr DWORD kShared = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
constexpr std::size_t kLargestPiece = std::size_t{1} << 30;  // one call takes less than 4 GiB

OVERLAPPED at(std::uint64_t offset) noexcept {
  OVERLAPPED position{};
  position.Offset = static_cast<DWORD>(offset);
  position.OffsetHigh = static_cast<DWORD>(offset >> 32);
  return position;
}

std::error_code look_at(const Handle& handle, FileStatus& status) noexcept {
  BY_HANDLE_FILE_INFORMATION information{};
  if (GetFileInformationByHandle(handle.get(), &information) == 0) return last_windows_error();
  status.identity = {information.dwVolumeSerialNumber,
                     std::uint64_t{information.nFileIndexHigh} << 32 | information.nFileIndexLow};
  status.size = std::uint64_t{information.nFileSizeHigh} << 32 | information.nFileSizeLow;
  return {};
}

class WindowsFile final : public File {
 public:
  explicit WindowsFile(Handle handle) noexcept : handle_{std::move(handle)} {}

  std::error_code write_at(std::uint64_t offset, std::string_view bytes) noexcept override {
    while (!bytes.empty()) {
      OVERLAPPED position = at(offset);
      DWORD written = 0;
      const auto length = static_cast<DWORD>(std::min(bytes.size(), kLargestPiece));
      if (WriteFile(handle_.get(), bytes.data(), length, &written, &position) == 0)
        return last_windows_error();
      if (written == 0) return std::make_error_code(std::errc::no_space_on_device);
      offset += written;
      bytes.remove_prefix(written);
    }
    return {};
  }

  std::error_code read_at(std::uint64_t offset, std::span<char> buffer,
                          std::size_t& count) noexcept override {
    count = 0;
    while (count < buffer.size()) {
      OVERLAPPED position = at(offset + count);
      DWORD got = 0;
      const auto length = static_cast<DWORD>(std::min(buffer.size() - count, kLargestPiece));
      if (ReadFile(handle_.get(), buffer.data() + count, length, &got, &position) == 0) {
        if (GetLastError() == ERROR_HANDLE_EOF) break;
        return last_windows_error();
      }
      if (got == 0) break;
      count += got;
    }
    return {};
  }

  std::error_code truncate(std::uint64_t size) noexcept override {
    LARGE_INTEGER end{};
    end.QuadPart = static_cast<LONGLONG>(size);
    const bool is_cut =
        SetFilePointerEx(handle_.get(), end, nullptr, FILE_BEGIN) != 0 && SetEndOfFile(handle_.get()) != 0;
    return is_cut ? std::error_code{} : last_windows_error();
  }

  std::error_code sync() noexcept override {
    return FlushFileBuffers(handle_.get()) != 0 ? std::error_code{} : last_windows_error();
  }

  std::error_code size(std::uint64_t& size) noexcept override {
    LARGE_INTEGER value{};
    if (GetFileSizeEx(handle_.get(), &value) == 0) return last_windows_error();
    size = static_cast<std::uint64_t>(value.QuadPart);
    return {};
  }

  std::error_code identity(FileIdentity& identity) noexcept override {
    FileStatus status;
    const std::error_code error = look_at(handle_, status);
    identity = status.identity;
    return error;
  }

  // Others cannot read what is locked here, so it is a byte that no file reaches.
  std::error_code lock() noexcept override {
    OVERLAPPED position = at(std::uint64_t{1} << 62);
    if (LockFileEx(handle_.get(), LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &position) !=
        0)
      return {};
    switch (GetLastError()) {
      case ERROR_LOCK_VIOLATION:
      case ERROR_IO_PENDING:
        return std::make_error_code(std::errc::resource_unavailable_try_again);
      case ERROR_INVALID_FUNCTION:
      case ERROR_NOT_SUPPORTED:
        return {};
      default:
        return last_windows_error();
    }
  }

 private:
  Handle handle_;
};

class WindowsFileSystem final : public FileSystem {
 public:
  std::error_code open(const std::filesystem::path& path, std::unique_ptr<File>& file) override {
    return open_with(path, OPEN_EXISTING, file);
  }

  std::error_code create(const std::filesystem::path& path, std::unique_ptr<File>& file) override {
    return open_with(path, CREATE_NEW, file);
  }

  std::error_code set_aside(const std::filesystem::path& from, const std::filesystem::path& to) override {
    return MoveFileExW(from.c_str(), to.c_str(), MOVEFILE_WRITE_THROUGH) != 0 ? std::error_code{}
                                                                              : last_windows_error();
  }

  // The rights are those that a new file gets from its folder, as the other one did.
  std::error_code copy_attributes(const std::filesystem::path& from,
                                  const std::filesystem::path& to) override {
    const Handle model{CreateFileW(from.c_str(), FILE_READ_ATTRIBUTES, kShared, nullptr, OPEN_EXISTING,
                                   FILE_ATTRIBUTE_NORMAL, nullptr)};
    if (!model) return last_windows_error();
    const Handle copy{CreateFileW(to.c_str(), FILE_WRITE_ATTRIBUTES, kShared, nullptr, OPEN_EXISTING,
                                  FILE_ATTRIBUTE_NORMAL | FILE_FLAG_OPEN_REPARSE_POINT, nullptr)};
    if (!copy) return last_windows_error();
    FILETIME created{};
    FILETIME read{};
    FILETIME written{};
    const bool is_copied = GetFileTime(model.get(), &created, &read, &written) != 0 &&
                           SetFileTime(copy.get(), &created, &read, &written) != 0;
    return is_copied ? std::error_code{} : last_windows_error();
  }

  std::error_code look_up(const std::filesystem::path& path, FileStatus& status) override {
    const Handle handle{CreateFileW(path.c_str(), FILE_READ_ATTRIBUTES, kShared, nullptr, OPEN_EXISTING,
                                    FILE_ATTRIBUTE_NORMAL, nullptr)};
    return handle ? look_at(handle, status) : last_windows_error();
  }

  std::error_code list(const std::filesystem::path& folder,
                       std::vector<std::filesystem::path>& names) override {
    std::error_code error;
    for (std::filesystem::directory_iterator entry{folder, error}, end; !error && entry != end;
         entry.increment(error))
      names.push_back(entry->path().filename());
    return error ? windows_error(static_cast<DWORD>(error.value())) : error;
  }

  std::error_code remove(const std::filesystem::path& path) override {
    return DeleteFileW(path.c_str()) != 0 ? std::error_code{} : last_windows_error();
  }

  std::error_code free_space(const std::filesystem::path& folder, std::uint64_t& bytes) override {
    std::error_code error;
    bytes = std::filesystem::space(folder, error).available;
    return error ? windows_error(static_cast<DWORD>(error.value())) : error;
  }

  std::error_code create_folders(const std::filesystem::path& folder) override {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    return error ? windows_error(static_cast<DWORD>(error.value())) : error;
  }

  // The file system writes names through a journal of its own; there is no call that would do it sooner.
  std::error_code sync_folder(const std::filesystem::path& folder) override {
    return GetFileAttributesW(folder.c_str()) != INVALID_FILE_ATTRIBUTES ? std::error_code{}
                                                                         : last_windows_error();
  }

 private:
  static std::error_code open_with(const std::filesystem::path& path, DWORD how,
                                   std::unique_ptr<File>& file) {
    Handle handle{CreateFileW(path.c_str(), GENERIC_READ | GENERIC_WRITE, kShared, nullptr, how,
                              FILE_ATTRIBUTE_NORMAL, nullptr)};
    if (!handle) return last_windows_error();
    // A pipe or a device (NUL, COM1) cannot be continued, cut back or moved aside.
    if (GetFileType(handle.get()) != FILE_TYPE_DISK) return std::make_error_code(std::errc::not_supported);
    file = std::make_unique<WindowsFile>(std::move(handle));
    return {};
  }
};

}  // namespace

FileSystem& system_files() noexcept {
  static WindowsFileSystem files;
  return files;
}

}  // namespace mqtt_logger
