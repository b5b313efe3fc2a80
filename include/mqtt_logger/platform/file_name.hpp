#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>

namespace mqtt_logger {

/// Why this system has no file of that path, as the end of a sentence ("must not …"); nothing if it may have
/// one. POSIX takes every name; Windows has letters, names and ends that it does not take, or takes for
/// something else: `a:b` is a hidden part of the file `a`, or in the folder that drive A happens to be in.
[[nodiscard]] std::optional<std::string> find_name_fault(const std::filesystem::path& path);

/// How long a file's name may be in this folder, or where that is made: bytes on POSIX, UTF-16 units on
/// Windows.
[[nodiscard]] std::size_t find_longest_name(const std::filesystem::path& folder);

}  // namespace mqtt_logger
