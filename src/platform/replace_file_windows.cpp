#include "mqtt_logger/platform/replace_file.hpp"

#include "handle_windows.hpp"
#include "replacement.hpp"
#include "text_windows.hpp"

#include <windows.h>

#include <algorithm>

namespace mqtt_logger {
namespace {

constexpr int kTries = 5;  // a reader that has the old one open keeps its name for a moment
constexpr DWORD kTryAgainAfter = 10;

std::error_code write_file(const std::filesystem::path& path, std::string_view bytes) noexcept {
  const Handle file{CreateFileW(path.c_str(), GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_DELETE, nullptr,
                                CREATE_NEW, FILE_ATTRIBUTE_NORMAL, nullptr)};
  if (!file) return last_windows_error();
  while (!bytes.empty()) {
    constexpr std::size_t kLargestPiece = std::size_t{1} << 30;
    DWORD written = 0;
    if (WriteFile(file.get(), bytes.data(), static_cast<DWORD>(std::min(bytes.size(), kLargestPiece)),
                  &written, nullptr) == 0)
      return last_windows_error();
    bytes.remove_prefix(written);
  }
  return {};
}

std::error_code move_over(const std::filesystem::path& from, const std::filesystem::path& to) noexcept {
  for (int tries = 1;; ++tries) {
    if (MoveFileExW(from.c_str(), to.c_str(), MOVEFILE_REPLACE_EXISTING) != 0) return {};
    const std::error_code error = last_windows_error();
    const bool may_pass =
        error == std::errc::permission_denied || error == std::errc::resource_unavailable_try_again;
    if (!may_pass || tries == kTries) return error;
    Sleep(kTryAgainAfter);
  }
}

}  // namespace

std::error_code replace_file(const std::filesystem::path& path, std::string_view bytes,
                             std::string_view mark) {
  if (const std::error_code error = check_replaceable(path, mark)) return error;
  const std::filesystem::path part = make_replacement_path(path);
  std::error_code error = write_file(part, bytes);
  if (error == std::errc::file_exists) return error;  // not made by us
  if (!error) error = move_over(part, path);
  if (error) DeleteFileW(part.c_str());
  return error;
}

}  // namespace mqtt_logger
