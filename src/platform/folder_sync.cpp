#include "mqtt_logger/platform/folder_sync.hpp"

#include "mqtt_logger/platform/process.hpp"

#include <fmt/core.h>

#include <memory>

namespace mqtt_logger {
namespace {

// Nobody else's: it must not exist yet. What a crash leaves of it is in nobody's way.
std::error_code change(FileSystem& files, const std::filesystem::path& folder) {
  constexpr int kNames = 100;
  for (int number = 0; number < kNames; ++number) {
    const std::filesystem::path path = folder / fmt::format(".sync-{}-{}.part", process_id(), number);
    std::unique_ptr<File> file;
    const std::error_code error = files.create(path, file);
    if (error == std::errc::file_exists) continue;
    return error ? error : files.remove(path);
  }
  return std::make_error_code(std::errc::file_exists);
}

}  // namespace

std::error_code FolderSync::sync(FileSystem& files, const std::filesystem::path& folder) {
  std::error_code error;
  if (has_failed_) error = change(files, folder);
  if (!error) error = files.sync_folder(folder);
  has_failed_ = static_cast<bool>(error);
  return error;
}

}  // namespace mqtt_logger
