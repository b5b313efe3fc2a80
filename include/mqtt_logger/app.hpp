#pragma once

#include "mqtt_logger/error.hpp"
#include "mqtt_logger/options.hpp"

namespace mqtt_logger {

/// Logs until it is asked to stop: builds the rooms in the order of a message's way, waits, stops them.
/// Throws StartupError.
[[nodiscard]] ExitCode run(const Options& options);

}  // namespace mqtt_logger
