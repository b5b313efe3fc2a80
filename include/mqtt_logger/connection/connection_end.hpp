#pragma once

#include <cstdint>
#include <string>

namespace mqtt_logger {

/// Why a CONNECT has failed, as far as what follows depends on it.
enum class ConnectFailure : std::uint8_t {
  refused,           ///< by the broker's own word, and perhaps not the next time
  refused_for_good,  ///< it would be refused again however often it is repeated: credentials, authorization,
                     ///< client identifier (MQTT 5, section 3.2.2.2; MQTT 3.1.1, section 3.2.2.3)
  version_refused,   ///< the broker does not speak this version of the protocol
  qos_refused,       ///< of the will (MQTT 5, 0x9B)
  retain_refused,    ///< of the will (MQTT 5, 0x9A)
  closed,            ///< the broker took the connection, and closed it instead of an answer
  silent,            ///< no answer in time: of the host or of the broker
  no_connection,     ///< no host of that name, the port is closed, or TLS did not come about
};

/// Whether the broker has answered, with a refusal.
[[nodiscard]] constexpr bool is_answered(ConnectFailure failure) noexcept {
  return failure < ConnectFailure::closed;
}

/// Why a connection has ended, or did not come about.
struct ConnectionEnd {
  ConnectFailure failure{};  ///< as far as it ended before the broker has answered CONNECT
  std::string reason;        ///< in words, for the log
};

}  // namespace mqtt_logger
