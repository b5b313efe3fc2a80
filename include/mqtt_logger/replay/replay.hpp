#pragma once

#include "mqtt_logger/base/error.hpp"
#include "mqtt_logger/options/options.hpp"

namespace mqtt_logger {

/// `--replay`: publishes the recordings that the options name, until their end or a stop. Exit code
/// `not_whole` if something was not published, not acknowledged or could not be read.
/// Throws StartupError for a path at which there is nothing, and for a broker that refuses this client.
[[nodiscard]] ExitCode replay(const Options& options);

}  // namespace mqtt_logger
