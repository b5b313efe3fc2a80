#pragma once

#include "mqtt_logger/error.hpp"
#include "mqtt_logger/options.hpp"

namespace mqtt_logger {

/// `--status`: prints what the logger of this output does. ExitCode::something_pending if none runs.
[[nodiscard]] ExitCode show_status(const Options& options);

/// `--stop`: asks the logger of this output, or of this `--pid-file`, to stop, and waits until it has ended.
/// None running is what was asked for. Throws StartupError.
[[nodiscard]] ExitCode stop_running_logger(const Options& options);

}  // namespace mqtt_logger
