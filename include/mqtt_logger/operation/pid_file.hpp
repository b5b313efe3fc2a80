#pragma once

#include "mqtt_logger/log/try_again.hpp"
#include "mqtt_logger/options/options.hpp"
#include "mqtt_logger/platform/lock_file.hpp"

#include <memory>

namespace mqtt_logger {

/// The file of `--pid-file`, locked and with our process id in it; null without that option. One that a crash
/// left behind is replaced; one that names another living process, or is no such file at all, is not touched.
/// Throws StartupError.
[[nodiscard]] std::unique_ptr<LockFile> take_pid_file(const Options& options, const TryAgain& try_again = {});

}  // namespace mqtt_logger
