#include "mqtt_logger/platform/file.hpp"
#include "mqtt_logger/platform/lock_file.hpp"
#include "mqtt_logger/platform/process.hpp"

#include "handle_windows.hpp"
#include "lock_text.hpp"
#include "remote_stop_windows.hpp"
#include "text_windows.hpp"

#include <windows.h>

#include <chrono>
#include <string>
#include <thread>
#include <utility>

namespace mqtt_logger {
namespace {

constexpr DWORD kSharedByAll = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;

Handle open_for_reading(const std::filesystem::path& path, DWORD shared) noexcept {
  return Handle{CreateFileW(path.c_str(), GENERIC_READ, shared, nullptr, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL,
                            nullptr)};
}

std::error_code write_all(HANDLE file, std::string_view bytes, std::size_t offset) noexcept {
  OVERLAPPED position{};
  position.Offset = static_cast<DWORD>(offset);
  DWORD written = 0;
  return WriteFile(file, bytes.data(), static_cast<DWORD>(bytes.size()), &written, &position) != 0
             ? std::error_code{}
             : last_windows_error();
}

std::error_code cut(HANDLE file, std::size_t size) noexcept {
  LARGE_INTEGER end{};
  end.QuadPart = static_cast<LONGLONG>(size);
  return SetFilePointerEx(file, end, nullptr, FILE_BEGIN) != 0 && SetEndOfFile(file) != 0
             ? std::error_code{}
             : last_windows_error();
}

/// Open for writing and shared for reading only, the file is its own lock, and nobody can put another in its
/// place.
class WindowsLockFile final : public LockFile {
 public:
  WindowsLockFile(const std::filesystem::path& path, Handle handle, LockKind kind)
      : path_{std::filesystem::absolute(path)}, handle_{std::move(handle)}, begin_{make_lock_begin(kind)} {}
  ~WindowsLockFile() override {
    handle_.reset();
    DeleteFileW(path_.c_str());  // refused if another process has taken it in between: it does not share that
  }
  WindowsLockFile(const WindowsLockFile&) = delete;
  WindowsLockFile& operator=(const WindowsLockFile&) = delete;

  /// On a full disk the lock is held all the same: publish() says by whom when there is room again.
  std::error_code begin() noexcept {
    if (const std::error_code error = cut(handle_.get(), 0)) return error;
    const std::error_code error = write_all(handle_.get(), begin_, 0);
    return error == std::errc::no_space_on_device ? std::error_code{} : error;
  }

  std::error_code publish(std::string_view text) noexcept override {
    if (const std::error_code error = write_all(handle_.get(), begin_, 0)) return error;
    if (const std::error_code error = write_all(handle_.get(), text, begin_.size())) return error;
    return cut(handle_.get(), begin_.size() + text.size());
  }

 private:
  std::filesystem::path path_;
  Handle handle_;
  std::string begin_;
};

std::string read_text(HANDLE file) {
  std::string text(kLongestLockText, '\0');
  OVERLAPPED begin{};
  DWORD length = 0;
  if (ReadFile(file, text.data(), static_cast<DWORD>(text.size()), &length, &begin) == 0) length = 0;
  text.resize(length);
  return text;
}

std::string read_text(const std::filesystem::path& path) {
  const Handle handle = open_for_reading(path, kSharedByAll);
  return handle ? read_text(handle.get()) : std::string{};
}

std::error_code check_regular(HANDLE file) noexcept {
  if (GetFileType(file) != FILE_TYPE_DISK) return std::make_error_code(std::errc::not_supported);
  BY_HANDLE_FILE_INFORMATION information{};
  if (GetFileInformationByHandle(file, &information) == 0) return last_windows_error();
  return (information.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) == 0
             ? std::error_code{}
             : std::make_error_code(std::errc::too_many_symbolic_link_levels);
}

/// Whether a process was started after a file was written last, as far as that is known.
bool is_younger(std::uint64_t process, const std::filesystem::path& path) {
  const Handle file = open_for_reading(path, kSharedByAll);
  FILETIME written{};
  if (!file || GetFileTime(file.get(), nullptr, nullptr, &written) == 0) return true;
  constexpr std::uint64_t kSlack = 10'000'000;  // a second: file systems may round
  return start_of_process(process) >
         (std::uint64_t{written.dwHighDateTime} << 32 | written.dwLowDateTime) + kSlack;
}

LockReading read_held(const std::filesystem::path& path) {
  const std::string text = read_text(path);
  const std::uint64_t process = parse_process_id(text);
  const std::uint64_t start = parse_process_start(text);
  const bool is_writers =
      process == 0 || (start != 0 ? start_of_process(process) == start : !is_younger(process, path));
  return parse_lock_text(text, is_writers);
}

}  // namespace

// Files get the rights of their folder.
std::error_code take_lock(const std::filesystem::path& path, std::unique_ptr<LockFile>& lock,
                          std::uint64_t& holder, LockKind kind) {
  holder = 0;
  const auto deadline = std::chrono::steady_clock::now() + kLockTimeout;
  for (;;) {
    Handle handle{CreateFileW(path.c_str(), GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ, nullptr,
                              OPEN_ALWAYS, FILE_ATTRIBUTE_NORMAL | FILE_FLAG_OPEN_REPARSE_POINT, nullptr)};
    if (handle) {
      if (const std::error_code error = check_regular(handle.get())) return error;
      if (!is_lock_text(read_text(handle.get()))) return std::make_error_code(std::errc::file_exists);
      auto taken = std::make_unique<WindowsLockFile>(path, std::move(handle), kind);
      const std::error_code error = taken->begin();
      if (!error) lock = std::move(taken);  // else its destructor removes the file
      return error;
    }
    const std::error_code error = last_windows_error();
    const bool is_in_use = error == std::errc::resource_unavailable_try_again;
    // The second one is also what is said of a file that goes as soon as its last reader has closed it.
    if (!is_in_use && error != std::errc::permission_denied) return error;
    if (std::chrono::steady_clock::now() >= deadline) {
      if (is_in_use) holder = read_held(path).holder;
      return error;
    }
    std::this_thread::sleep_for(kTryLockAgainAfter);
  }
}

std::error_code read_lock(const std::filesystem::path& path, LockReading& reading) {
  reading = {};
  // Refused as long as somebody has it open for writing, which is what its holder has.
  if (open_for_reading(path, FILE_SHARE_READ | FILE_SHARE_DELETE)) return {};
  const std::error_code error = last_windows_error();
  if (error == std::errc::no_such_file_or_directory) return {};
  if (error != std::errc::resource_unavailable_try_again) return error;
  reading = read_held(path);
  return {};
}

std::error_code ask_holder_to_stop(const std::filesystem::path& path, std::uint64_t& holder) {
  LockReading before;
  if (const std::error_code error = read_lock(path, before)) return error;
  holder = before.holder;
  if (!before.is_held) return std::make_error_code(std::errc::no_such_process);
  if (before.is_foreign) return std::make_error_code(std::errc::device_or_resource_busy);
  if (holder == 0) return std::make_error_code(std::errc::resource_unavailable_try_again);
  Handle event;
  const std::error_code error = open_remote_stop(holder, event);
  LockReading after;
  if (const std::error_code unreadable = read_lock(path, after)) return unreadable;
  if (!after.is_held || after.holder != holder) return std::make_error_code(std::errc::no_such_process);
  if (error) return error;
  return SetEvent(event.get()) != 0 ? std::error_code{} : last_windows_error();
}

std::error_code find_living_process(const std::filesystem::path& path, std::uint64_t& process) {
  process = 0;
  const Handle file = open_for_reading(path, kSharedByAll);
  if (!file) return is_missing(last_windows_error()) ? std::error_code{} : last_windows_error();
  const std::string text = read_text(file.get());
  if (!is_lock_text(text)) return std::make_error_code(std::errc::file_exists);
  const std::uint64_t id = parse_process_id(text);
  if (id == 0 || id > std::uint64_t{0xFFFFFFFF}) return {};
  const Handle found{
      OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION | SYNCHRONIZE, FALSE, static_cast<DWORD>(id))};
  // Refused for a process of another user's that is there.
  if (!found) {
    if (GetLastError() == ERROR_ACCESS_DENIED) process = id;
    return {};
  }
  if (WaitForSingleObject(found.get(), 0) == WAIT_OBJECT_0) return {};
  if (!is_younger(id, path)) process = id;
  return {};
}

}  // namespace mqtt_logger
