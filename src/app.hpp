#pragma once

#include "mqtt_logger/base/error.hpp"
#include "mqtt_logger/options/options.hpp"
#include "mqtt_logger/platform/background.hpp"
#include "mqtt_logger/platform/service_manager.hpp"

namespace mqtt_logger {

/// Logs until it is asked to stop: builds the rooms in the order of a message's way, waits, stops them.
/// Throws StartupError, but waits while there is no room for what it needs at the start.
/// `background` is told how the start went; null in the foreground.
[[nodiscard]] ExitCode run(const Options& options, ServiceManager& service_manager, Background* background);

}  // namespace mqtt_logger
