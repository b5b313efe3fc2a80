#include "mqtt_logger/platform/file_name.hpp"

#include "text_windows.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace mqtt_logger {
namespace {

constexpr std::wstring_view kVerbatim = L"\\\\?\\";  // begins a path that the system does not interpret

std::wstring to_capitals(std::wstring_view text) {
  std::wstring capitals{text};
  for (wchar_t& letter : capitals) {
    if (letter >= L'a' && letter <= L'z') letter = static_cast<wchar_t>(letter - L'a' + L'A');
  }
  return capitals;
}

/// With or without an extension: Windows writes to the device for `con.csv` as well.
bool is_device(std::wstring_view name) {
  std::wstring stem = to_capitals(name.substr(0, name.find(L'.')));
  stem.erase(stem.find_last_not_of(L' ') + 1);
  constexpr std::array<std::wstring_view, 6> kDevices{L"CON", L"PRN", L"AUX", L"NUL", L"CONIN$", L"CONOUT$"};
  const bool is_port =
      stem.size() == 4 && (stem.starts_with(L"COM") || stem.starts_with(L"LPT")) &&
      std::wstring_view{L"123456789\u00B9\u00B2\u00B3"}.find(stem[3]) != std::wstring_view::npos;
  return is_port || std::ranges::find(kDevices, stem) != kDevices.end();
}

bool has_forbidden_letter(std::wstring_view name) noexcept {
  return std::ranges::any_of(name, [](wchar_t letter) {
    return letter < L' ' || std::wstring_view{L"<>:\"|?*"}.find(letter) != std::wstring_view::npos;
  });
}

}  // namespace

std::optional<std::string> find_name_fault(const std::filesystem::path& path) {
  std::filesystem::path rest = path;
  if (path.native().starts_with(kVerbatim)) rest = path.native().substr(kVerbatim.size());
  if (rest.root_name().native().ends_with(L':') && !rest.has_root_directory())
    return "must have a backslash behind the drive, such as C:\\logs\\mqtt_data";
  for (const std::filesystem::path& part : rest.relative_path()) {
    const std::wstring& name = part.native();
    if (name == L"." || name == L"..") continue;
    if (has_forbidden_letter(name))
      return "must not contain < > : \" | ? * or control characters, which Windows refuses";
    if (name.ends_with(L'.') || name.ends_with(L' '))
      return "must have no name that ends in a dot or a space, which Windows leaves out";
    if (is_device(name)) return "must not contain " + to_utf8(name) + ", which is a device of Windows";
  }
  return std::nullopt;
}

std::size_t find_longest_name(const std::filesystem::path& /*folder*/) {
  return 255;  // of every file system that Windows has
}

}  // namespace mqtt_logger
