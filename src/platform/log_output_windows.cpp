#include "mqtt_logger/platform/log_output.hpp"

#include "handle_windows.hpp"
#include "text_windows.hpp"

#include <fcntl.h>
#include <io.h>
#include <windows.h>

#include <array>
#include <cstdio>

namespace mqtt_logger {
namespace {

HANDLE former_standard_error = nullptr;  // set before the first thread starts, and left to the system

HANDLE duplicate(HANDLE handle) noexcept {
  HANDLE copy = nullptr;
  const HANDLE process = GetCurrentProcess();
  DuplicateHandle(process, handle, process, &copy, 0, FALSE, DUPLICATE_SAME_ACCESS);
  return copy;
}

}  // namespace

std::error_code redirect_standard_error(const std::filesystem::path& path) noexcept {
  // Shared in every way, so that the file can be read, moved away and deleted while we write.
  Handle file{CreateFileW(path.c_str(), FILE_APPEND_DATA | SYNCHRONIZE,
                          FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, nullptr, OPEN_ALWAYS,
                          FILE_ATTRIBUTE_NORMAL, nullptr)};
  if (!file) return last_windows_error();
  if (GetFileType(file.get()) != FILE_TYPE_DISK) return std::make_error_code(std::errc::not_supported);
  const HANDLE found = GetStdHandle(STD_ERROR_HANDLE);
  if (former_standard_error == nullptr && found != nullptr) former_standard_error = duplicate(found);
  // The C library's own way there, for what libraries say. A service has none, and it cannot be given one.
  if (const int standard_error = _fileno(stderr); standard_error >= 0) {
    const auto copy = reinterpret_cast<std::intptr_t>(duplicate(file.get()));
    const int descriptor = _open_osfhandle(copy, _O_APPEND | _O_BINARY);
    if (descriptor < 0) return std::make_error_code(std::errc::too_many_files_open);
    _dup2(descriptor, standard_error);
    _close(descriptor);
  }
  SetStdHandle(STD_ERROR_HANDLE, file.release());  // stays open: another thread may be writing to it
  return {};
}

bool is_standard_error_deleted() noexcept {
  return false;
}

void write_to_standard_error(std::string_view line, LogTimeout timeout) noexcept {
  constexpr DWORD kTryAgainAfter = 250;
  while (!line.empty()) {
    DWORD written = 0;
    const HANDLE output = GetStdHandle(STD_ERROR_HANDLE);
    if (WriteFile(output, line.data(), static_cast<DWORD>(line.size()), &written, nullptr) == 0) {
      const DWORD error = GetLastError();
      const bool is_full = error == ERROR_DISK_FULL || error == ERROR_HANDLE_DISK_FULL;
      if (timeout == LogTimeout::reader || !is_full) return;
      Sleep(kTryAgainAfter);
      continue;
    }
    if (written == 0) return;
    line.remove_prefix(written);
  }
}

void write_to_former_standard_error(std::string_view line) noexcept {
  DWORD written = 0;
  if (former_standard_error != nullptr)
    WriteFile(former_standard_error, line.data(), static_cast<DWORD>(line.size()), &written, nullptr);
}

// What ends a process of Windows before its time does not call us.
void note_unwritten_log_lines(int /*change*/) noexcept {}
void wait_for_unwritten_log_lines() noexcept {}

void write_to_system_log(LogLevel level, const std::string& line) noexcept {
  constexpr std::array<WORD, 4> kTypes{EVENTLOG_ERROR_TYPE, EVENTLOG_WARNING_TYPE, EVENTLOG_INFORMATION_TYPE,
                                       EVENTLOG_INFORMATION_TYPE};
  constexpr DWORD kEvent = 1;  // its text is nothing but our line; see service_registration_windows.cpp
  constexpr std::size_t kLongest = 31'000;  // the event log takes no more
  static const HANDLE source = RegisterEventSourceW(nullptr, L"mqtt-logger");
  if (source == nullptr) return;
  try {
    const std::wstring text = to_wide(line).substr(0, kLongest);
    const wchar_t* texts[]{text.c_str()};
    ReportEventW(source, kTypes[static_cast<std::size_t>(level)], 0, kEvent, nullptr, 1, 0, texts, nullptr);
  } catch (const std::exception&) {
    return;  // no memory for a log line
  }
}

}  // namespace mqtt_logger
