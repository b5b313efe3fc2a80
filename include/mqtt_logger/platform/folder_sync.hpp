#pragma once

#include "mqtt_logger/platform/file.hpp"

#include <filesystem>
#include <system_error>

namespace mqtt_logger {

/// Brings the names in a folder to the device. After a failure the system takes the folder for clean: it is
/// changed first then, by a file that is made and removed again.
///
/// Threads: one owner, or a lock of its owner's.
class FolderSync {
 public:
  explicit FolderSync(bool has_failed = false) noexcept : has_failed_{has_failed} {}

  [[nodiscard]] std::error_code sync(FileSystem& files, const std::filesystem::path& folder);

 private:
  bool has_failed_;
};

}  // namespace mqtt_logger
