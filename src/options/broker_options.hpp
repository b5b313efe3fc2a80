#pragma once

#include "option_table.hpp"

#include <vector>

namespace mqtt_logger {

/// The options about the broker: where it is, what is subscribed to there, whom we trust, who we are, and the
/// session.
[[nodiscard]] std::vector<OptionDefinition> broker_definitions();

}  // namespace mqtt_logger
