#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace mqtt_logger {

// What stands behind the options in `--help`, and in sections of their own in the manual page: each text
// once.

/// How values are written: durations, sizes.
[[nodiscard]] std::string_view value_notes() noexcept;
/// Where options come from, and which source wins.
[[nodiscard]] std::string_view source_notes() noexcept;
/// The same about the environment, and about the file of `--config`.
[[nodiscard]] std::string_view environment_notes() noexcept;
[[nodiscard]] std::string_view config_file_notes() noexcept;
/// Commands without their indentation; one that is too long for 72 columns goes on behind a backslash.
[[nodiscard]] const std::vector<std::string_view>& help_examples();

/// All of it as the end of `--help`.
[[nodiscard]] std::string make_help_end();

/// Breaks lines between words so that none has more than `columns`; a longer word has a line of its own.
[[nodiscard]] std::string wrap(std::string_view text, std::size_t columns);

}  // namespace mqtt_logger
