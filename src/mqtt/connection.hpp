#pragma once

#include "mqtt_logger/options.hpp"

#include <mqtt/async_client.h>

#include <string>

namespace mqtt_logger {

// From options to what the library takes.

inline constexpr int kStatusQos = 1;

/// As the library wants it: "tcp://localhost:1883", "ssl://…", "ws://…/path", "wss://…/path".
[[nodiscard]] std::string make_uri(const BrokerAddress& broker);

/// A version of the protocol for this client, and no other: left to itself the library may fall back to
/// MQTT 3.1.
[[nodiscard]] mqtt::create_options make_create_options(MqttVersion version);

/// The subscriber's connection: a session that the broker keeps for `session_expiry`. `will` is for the
/// status topic, if there is one.
[[nodiscard]] mqtt::connect_options make_session_options(const Options& options, const BrokerAddress& broker,
                                                         MqttVersion version, const std::string& will);

/// A connection that ends whatever session there was and keeps none.
[[nodiscard]] mqtt::connect_options make_clean_options(const Options& options, const BrokerAddress& broker,
                                                       MqttVersion version);

/// Whether the broker refuses what was asked for; else the connection ended before it answered.
[[nodiscard]] bool is_refused(const mqtt::token& token) noexcept;

/// Whether a refused CONNECT was refused by the broker's own word; else no MQTT broker was reached.
[[nodiscard]] bool is_answered(const mqtt::token& token) noexcept;

/// Why an action failed, in words.
[[nodiscard]] std::string describe_failure(const mqtt::token& token);

/// What the broker says with DISCONNECT (MQTT 5), in words.
[[nodiscard]] std::string describe_disconnect(const mqtt::properties& properties, mqtt::ReasonCode code);

/// Whether a refused CONNECT would be refused again however often it is repeated: credentials, authorization,
/// client identifier (MQTT 5, section 3.2.2.2; MQTT 3.1.1, section 3.2.2.3).
[[nodiscard]] bool is_refused_for_good(const mqtt::token& token) noexcept;

/// Whether the broker does not speak this version of the protocol.
[[nodiscard]] bool is_version_refused(const mqtt::token& token) noexcept;

}  // namespace mqtt_logger
