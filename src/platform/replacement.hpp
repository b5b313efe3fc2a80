#pragma once

#include "mqtt_logger/platform/replace_file.hpp"

#include <filesystem>
#include <string_view>
#include <system_error>

namespace mqtt_logger {

/// `m.prom` → `m.prom.0123456789abcdef.part`, with a number that nobody can know before. It does not end in
/// `.prom`: collectors read only names that do. A name that would be too long with that loses its end.
[[nodiscard]] std::filesystem::path make_replacement_path(const std::filesystem::path& path);

/// In the same way `data.journal` → `data.journal.0123456789abcdef.aside`, for what somebody has put there.
[[nodiscard]] std::filesystem::path make_aside_path(const std::filesystem::path& path);

/// Whether the regular file is empty, or begins with `mark`.
[[nodiscard]] std::error_code check_mark(const std::filesystem::path& path, std::string_view mark,
                                         bool& has_mark);

}  // namespace mqtt_logger
