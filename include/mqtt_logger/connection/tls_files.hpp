#pragma once

#include "mqtt_logger/options/options.hpp"

namespace mqtt_logger {

/// Reads the files of --tls-ca, --tls-cert and --tls-key as a connection will, if any broker asks for TLS.
/// Throws StartupError (usage), which names the file and says what would be right.
void check_tls_files(const Options& options);

}  // namespace mqtt_logger
