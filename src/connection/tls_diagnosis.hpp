#pragma once

#include "mqtt_logger/options/options.hpp"

#include <openssl/ssl.h>

#include <atomic>
#include <chrono>
#include <string>
#include <string_view>

namespace mqtt_logger {

/// Of a port that takes the connection.
inline constexpr std::string_view kSilentInTls =
    "what answers there says nothing of TLS; is it the right port?";

/// Finds out why no TLS connection came about: connects once more, and looks closely. Paho says only that it
/// failed: it keeps OpenSSL's verdict on the broker's certificate to itself, and tells nothing at all where
/// the certificate is good and names another host.
///
/// `timeout`: for the connection and the handshake; of more than some seconds no use is made. Returns the
/// reason in words, in that time and two seconds more, or soon after `is_cancelled` was set; empty if none
/// was found: TLS itself works. Throws StartupError for a file that was good at the start and is not any
/// more.
[[nodiscard]] std::string diagnose_tls(const BrokerAddress& broker, const TlsOptions& options,
                                       std::chrono::milliseconds timeout,
                                       const std::atomic<bool>& is_cancelled);

/// What a client wants of the broker's certificate and of the name it asks for (SNI), which no address is
/// (RFC 6066, section 3). Before the handshake.
void expect_host(SSL* ssl, const std::string& host);

/// Why a handshake, or a connection in its first moments, has failed, in words. `error` is OpenSSL's, 0 if
/// the broker has only closed the connection.
[[nodiscard]] std::string describe_tls_failure(SSL* ssl, unsigned long error, const BrokerAddress& broker,
                                               const TlsOptions& options);

}  // namespace mqtt_logger
