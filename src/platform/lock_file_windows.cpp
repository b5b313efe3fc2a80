#include "mqtt_logger/platform/lock_file.hpp"
#include "mqtt_logger/platform/process.hpp"

#include "handle_windows.hpp"
#include "text_windows.hpp"

#include <windows.h>

#include <array>
#include <charconv>
#include <string>

namespace mqtt_logger {
namespace {

/// Open for writing and shared for reading only, the file is its own lock.
class WindowsLockFile final : public LockFile {
 public:
  WindowsLockFile(std::filesystem::path path, Handle handle)
      : path_{std::move(path)}, handle_{std::move(handle)} {}
  ~WindowsLockFile() override {
    handle_.reset();
    DeleteFileW(path_.c_str());  // refused if another process has taken it in between: it does not share that
  }
  WindowsLockFile(const WindowsLockFile&) = delete;
  WindowsLockFile& operator=(const WindowsLockFile&) = delete;

 private:
  std::filesystem::path path_;
  Handle handle_;
};

std::uint64_t read_process_id(const std::filesystem::path& path) noexcept {
  const Handle handle{CreateFileW(path.c_str(), GENERIC_READ,
                                  FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, nullptr,
                                  OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, nullptr)};
  std::array<char, 24> text{};
  DWORD length = 0;
  std::uint64_t id = 0;
  if (handle && ReadFile(handle.get(), text.data(), static_cast<DWORD>(text.size()), &length, nullptr) != 0)
    std::from_chars(text.data(), text.data() + length, id);
  return id;
}

}  // namespace

std::error_code take_lock(const std::filesystem::path& path, std::unique_ptr<LockFile>& lock,
                          std::uint64_t& holder) {
  holder = 0;
  Handle handle{CreateFileW(path.c_str(), GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ, nullptr, OPEN_ALWAYS,
                            FILE_ATTRIBUTE_NORMAL, nullptr)};
  if (!handle) {
    const std::error_code error = last_windows_error();
    if (error == std::errc::resource_unavailable_try_again) holder = read_process_id(path);
    return error;
  }
  const std::string text = std::to_string(process_id()) + '\n';
  DWORD written = 0;
  const bool is_written =
      SetEndOfFile(handle.get()) != 0 &&  // at the beginning, where it was opened
      WriteFile(handle.get(), text.data(), static_cast<DWORD>(text.size()), &written, nullptr) != 0;
  const std::error_code error = is_written ? std::error_code{} : last_windows_error();
  lock = std::make_unique<WindowsLockFile>(path,
                                           std::move(handle));  // removes the file if it could not be written
  if (error) lock.reset();
  return error;
}

}  // namespace mqtt_logger
