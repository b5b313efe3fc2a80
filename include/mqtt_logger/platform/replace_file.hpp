#pragma once

#include <filesystem>
#include <string_view>
#include <system_error>

namespace mqtt_logger {

/// Puts a file with these bytes in the place of `path`, so that a reader finds the old or the new one and
/// never a part. Every user may read it. It is not forced to the device.
[[nodiscard]] std::error_code replace_file(const std::filesystem::path& path, std::string_view bytes);

}  // namespace mqtt_logger
