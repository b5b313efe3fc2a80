#pragma once

#include "mqtt_logger/options/options.hpp"

#include <openssl/ssl.h>

#include <memory>

namespace mqtt_logger {

struct FreeTlsContext {
  void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
};
using TlsContext = std::unique_ptr<SSL_CTX, FreeTlsContext>;

/// What a client needs for connections like those that Paho makes of the same options. Throws StartupError
/// (usage) for a file that cannot be used.
[[nodiscard]] TlsContext make_tls_context(const TlsOptions& options);

/// The names of protocols in the format of ALPN (RFC 7301): each after its length.
[[nodiscard]] std::string join_protocols(const std::vector<std::string>& protocols);

/// What OpenSSL has noted last for this thread, in its words; empties its notes.
[[nodiscard]] std::string take_tls_error();

}  // namespace mqtt_logger
