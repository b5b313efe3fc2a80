#pragma once

#include "option_settings.hpp"

#include <string>
#include <vector>

namespace mqtt_logger {

/// What `--help` prints.
[[nodiscard]] std::string help_text();

/// The settings of the command line, which CLI11 takes apart; what their values mean is none of its business.
/// Throws StartupError.
[[nodiscard]] std::vector<Setting> read_arguments(const std::vector<std::string>& arguments);

}  // namespace mqtt_logger
