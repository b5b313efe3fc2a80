#pragma once

#include "mqtt_logger/base/error.hpp"
#include "mqtt_logger/options/options.hpp"

#include <string>
#include <vector>

namespace mqtt_logger {

/// `--status`: prints what the logger of this output does. ExitCode::something_pending if none runs.
[[nodiscard]] ExitCode show_status(const Options& options);

/// `--stop`: asks the logger of this output, or of this `--pid-file`, to stop, and waits until it has ended.
/// None running is what was asked for. Throws StartupError.
[[nodiscard]] ExitCode stop_running_logger(const Options& options);

/// `--install-service`: a service that is started with the other ones of these arguments. Throws
/// StartupError, also for what a service would not have: a background, the variables of this environment.
[[nodiscard]] ExitCode install_as_service(const Options& options, const std::vector<std::string>& arguments);

/// `--uninstall-service`. Throws StartupError.
[[nodiscard]] ExitCode uninstall_as_service();

}  // namespace mqtt_logger
