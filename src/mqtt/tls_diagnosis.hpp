#pragma once

#include "mqtt_logger/options.hpp"

#include <atomic>
#include <string>

namespace mqtt_logger {

/// Finds out why no TLS connection came about: connects once more, and looks closely. Paho says only that it
/// failed: it keeps OpenSSL's verdict on the broker's certificate to itself, and tells nothing at all where
/// the certificate is good and names another host.
///
/// Returns the reason in words, within about ten seconds or soon after `is_cancelled` was set; empty if none
/// was found: TLS itself works. Throws StartupError for a file that was good at the start and is not any
/// more.
[[nodiscard]] std::string diagnose_tls(const BrokerAddress& broker, const TlsOptions& options,
                                       const std::atomic<bool>& is_cancelled);

}  // namespace mqtt_logger
