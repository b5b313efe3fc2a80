#pragma once

#include "option_table.hpp"

#include <vector>

namespace mqtt_logger {

/// The options that make the program do something at once in place of logging, and those that belong to
/// them. A part of option_definitions().
[[nodiscard]] std::vector<OptionDefinition> action_definitions();

}  // namespace mqtt_logger
