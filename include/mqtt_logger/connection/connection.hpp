#pragma once

#include "mqtt_logger/connection/brokers.hpp"
#include "mqtt_logger/connection/websocket_bridge.hpp"
#include "mqtt_logger/options/options.hpp"

#include <mqtt/async_client.h>

#include <cstdint>
#include <string>

namespace mqtt_logger {

// From options to what the library takes.

inline constexpr QoS kStatusQos = QoS::at_least_once;

/// As the library wants it: "tcp://localhost:1883", "ssl://localhost:8883". A broker that is reached by
/// WebSocket has a bridge instead, whose URI it is.
[[nodiscard]] std::string make_uri(const BrokerAddress& broker, const WebSocketBridge* bridge);

/// Where a TCP connection to the broker leads: to its port, or to that of the proxy if there is one.
[[nodiscard]] std::uint16_t connection_port(const Options& options, const BrokerAddress& broker);

/// A version of the protocol for this client, and no other: left to itself the library may fall back to
/// MQTT 3.1.
[[nodiscard]] mqtt::create_options make_create_options(MqttVersion version);

/// The subscriber's connection: a session that the broker keeps for `session_expiry`. `will` is for the
/// status topic, if there is one. The broker is asked to send nothing larger than `max_packet_bytes` (MQTT
/// 5). The password's file is read now: it may have changed.
[[nodiscard]] mqtt::connect_options make_session_options(const Options& options, const Broker& broker,
                                                         const std::string& will,
                                                         std::uint64_t max_packet_bytes);

/// A connection that ends whatever session there was and keeps none.
[[nodiscard]] mqtt::connect_options make_clean_options(const Options& options, const BrokerAddress& broker,
                                                       MqttVersion version);

}  // namespace mqtt_logger
