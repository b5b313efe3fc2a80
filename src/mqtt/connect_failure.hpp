#pragma once

#include "mqtt_logger/options.hpp"

#include "library_calls.hpp"

#include <mqtt/async_client.h>

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

[[nodiscard]] ConnectFailure classify_failure(const Response& response) noexcept;

/// Whether the broker has answered, with a refusal.
[[nodiscard]] constexpr bool is_answered(ConnectFailure failure) noexcept {
  return failure < ConnectFailure::closed;
}

/// Whether the broker refuses what was asked for; else the connection ended before it answered.
[[nodiscard]] bool is_refused(const Response& response) noexcept;

/// Why a request has failed, in words, with what the broker says beside its code.
[[nodiscard]] std::string describe_failure(const Response& response);

/// What the broker says with DISCONNECT (MQTT 5), in words.
[[nodiscard]] std::string describe_disconnect(const mqtt::properties& properties, mqtt::ReasonCode code);

/// The same of a failed action, as far as Paho C++ keeps it.
[[nodiscard]] Response to_response(const mqtt::token& token);

}  // namespace mqtt_logger
