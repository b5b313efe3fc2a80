#pragma once

#include <cstdint>
#include <string>

namespace mqtt_logger {

/// How MQTT travels: over TCP or within WebSocket frames, each plain or in TLS.
enum class Transport : std::uint8_t { mqtt, mqtts, ws, wss };

[[nodiscard]] constexpr bool is_encrypted(Transport transport) noexcept {
  return transport == Transport::mqtts || transport == Transport::wss;
}

[[nodiscard]] constexpr bool is_websocket(Transport transport) noexcept {
  return transport == Transport::ws || transport == Transport::wss;
}

/// The port where brokers listen by convention.
[[nodiscard]] constexpr std::uint16_t default_port(Transport transport) noexcept {
  switch (transport) {
    case Transport::mqtts:
      return 8883;
    case Transport::ws:
      return 80;
    case Transport::wss:
      return 443;
    case Transport::mqtt:
      break;
  }
  return 1883;
}

/// Where a broker listens.
struct BrokerAddress {
  std::string host = "localhost";  ///< host name or IP address; IPv6 without brackets
  std::uint16_t port = 1883;
  Transport transport = Transport::mqtt;
  std::string path = {};  ///< of a WebSocket, from the first slash on

  bool operator==(const BrokerAddress&) const = default;
};

/// As a user would write it, for all that others may read: "localhost:1883", "mqtts://[::1]:8883",
/// "wss://host:443/mqtt". Without its query, which may be a token that lets its bearer in:
/// "wss://host:443/mqtt?***".
[[nodiscard]] std::string to_string(const BrokerAddress& broker);

}  // namespace mqtt_logger
