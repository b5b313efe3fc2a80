#pragma once

#include <string>
#include <string_view>

namespace mqtt_logger {

// What is made of the option table at build time, so that it never differs from `--help`.

/// The manual page mqtt-logger(1), in man(7). `date`: of this version, such as 2026-11-20.
[[nodiscard]] std::string make_man_page(std::string_view version, std::string_view date);
/// What completes options and their values in bash, zsh and fish.
[[nodiscard]] std::string make_bash_completion();
[[nodiscard]] std::string make_zsh_completion();
[[nodiscard]] std::string make_fish_completion();

}  // namespace mqtt_logger
