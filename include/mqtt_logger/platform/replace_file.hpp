#pragma once

#include <filesystem>
#include <string_view>
#include <system_error>

namespace mqtt_logger {

/// Puts a file with these bytes in the place of `path`, so that a reader finds the old or the new one and
/// never a part. A new file can be read by every user; an existing one keeps owner and rights. It is not
/// forced to the device.
///
/// What is replaced is ours: a regular file that is empty or begins with `mark`, as `bytes` does.
/// Errors: `std::errc::file_exists` for any other regular file, `std::errc::not_supported` for what is none,
/// such as a symbolic link; else the system's error.
[[nodiscard]] std::error_code replace_file(const std::filesystem::path& path, std::string_view bytes,
                                           std::string_view mark);

/// Whether replace_file() would refuse what is there now.
[[nodiscard]] std::error_code check_replaceable(const std::filesystem::path& path, std::string_view mark);

/// Removes the files that a crash within replace_file() has left beside `path`: they are known by their
/// names, and are empty or begin with `mark`. Others stay.
void remove_unfinished_replacements(const std::filesystem::path& path, std::string_view mark) noexcept;

/// What is added to a path's name for the time in which its replacement is written.
inline constexpr std::size_t kReplacementSuffixBytes = 22;

}  // namespace mqtt_logger
