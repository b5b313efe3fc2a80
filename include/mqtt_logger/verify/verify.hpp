#pragma once

#include "mqtt_logger/base/error.hpp"
#include "mqtt_logger/options/options.hpp"

namespace mqtt_logger {

/// `--verify`: reads the exports that the options name, and prints to standard output what is wrong and what
/// is in them. Writes nothing else, and needs no more memory for a large export than for a small one.
/// Throws StartupError for a path at which there is nothing.
[[nodiscard]] ExitCode verify(const Options& options);

}  // namespace mqtt_logger
