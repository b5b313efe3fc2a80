#include "mqtt_logger/platform/arguments.hpp"

#include "text_windows.hpp"

// The second of these needs the first.
// clang-format off
#include <windows.h>
#include <shellapi.h>
// clang-format on

#include <fcntl.h>
#include <io.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

namespace mqtt_logger {
namespace {

UINT code_page_as_found = 0;

void give_back_code_page() noexcept {
  SetConsoleOutputCP(code_page_as_found);
}

bool is_open(std::FILE* stream) noexcept {
  if (_fileno(stream) < 0) return false;
  const auto handle = reinterpret_cast<HANDLE>(_get_osfhandle(_fileno(stream)));
  return GetFileType(handle) != FILE_TYPE_UNKNOWN;
}

}  // namespace

// main()'s own arguments are in the user's code page, which has no place for most letters.
std::vector<std::string> list_arguments(int /*argc*/, char** /*argv*/) {
  int count = 0;
  const std::unique_ptr<LPWSTR, decltype(&LocalFree)> texts{CommandLineToArgvW(GetCommandLineW(), &count),
                                                            &LocalFree};
  std::vector<std::string> arguments;
  for (int i = 1; texts && i < count; ++i) arguments.push_back(to_utf8(texts.get()[i]));
  return arguments;
}

void prepare_standard_streams() noexcept {
  // A service has none, or numbers of another process's; what is meant for them must never end up in a file.
  if (!is_open(stdin)) static_cast<void>(_wfreopen(L"NUL", L"r", stdin));
  for (std::FILE* const stream : {stdout, stderr}) {
    if (!is_open(stream)) static_cast<void>(_wfreopen(L"NUL", L"w", stream));
  }
  for (std::FILE* const stream : {stdout, stderr}) {
    if (_fileno(stream) >= 0) _setmode(_fileno(stream), _O_BINARY);  // no CR before each LF
  }
  std::setvbuf(stderr, nullptr, _IONBF, 0);  // not every C library of Windows leaves it without a buffer
  code_page_as_found = GetConsoleOutputCP();
  if (code_page_as_found == 0 || code_page_as_found == CP_UTF8)
    return;  // there is no console, or nothing to do
  SetConsoleOutputCP(CP_UTF8);
  std::atexit(give_back_code_page);
}

}  // namespace mqtt_logger
