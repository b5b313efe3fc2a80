#pragma once

#include "mqtt_logger/base/error.hpp"
#include "mqtt_logger/log/try_again.hpp"
#include "mqtt_logger/options/options.hpp"
#include "mqtt_logger/platform/background.hpp"

#include <filesystem>

namespace mqtt_logger {

/// Where the log goes: standard error; with `--log-file` that file; in the background without it the system's
/// log. Call before the first thread starts. Without room for that file the log goes where it would go
/// without that option, until finish_log_setup(). Throws StartupError.
void set_up_log(const Options& options);

/// Opens a log file for which there was no room, when there is some. Throws StartupError.
void finish_log_setup(const Options& options, const TryAgain& try_again);

/// Opens the file of `--log-file` again, if there is one: it was moved away.
void reopen_log(const Options& options);

/// The same, if somebody has deleted it. Any thread.
void keep_log(const std::filesystem::path& path);

/// Why we cannot start, in the log and, if that is elsewhere, also where the user looks. `background` may be
/// null.
void report_startup_error(const Options& options, Background* background, const StartupError& error);

}  // namespace mqtt_logger
