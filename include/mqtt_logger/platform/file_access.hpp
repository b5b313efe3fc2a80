#pragma once

#include <filesystem>

namespace mqtt_logger {

/// Whether users other than the file's owner and its group may read it; false if that cannot be told.
[[nodiscard]] bool is_readable_by_others(const std::filesystem::path& path) noexcept;

}  // namespace mqtt_logger
