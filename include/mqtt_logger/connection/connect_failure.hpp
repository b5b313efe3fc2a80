#pragma once

#include "mqtt_logger/connection/connection_end.hpp"
#include "mqtt_logger/connection/library_calls.hpp"
#include "mqtt_logger/options/options.hpp"

#include <mqtt/async_client.h>

#include <string>

namespace mqtt_logger {

[[nodiscard]] ConnectFailure classify_failure(const Response& response) noexcept;

/// Whether the broker refuses what was asked for; else the connection ended before it answered.
[[nodiscard]] bool is_refused(const Response& response) noexcept;

/// Why a request has failed, in words, with what the broker says beside its code.
[[nodiscard]] std::string describe_failure(const Response& response);

/// What the broker says with DISCONNECT (MQTT 5), in words.
[[nodiscard]] std::string describe_disconnect(const mqtt::properties& properties, mqtt::ReasonCode code);

/// The same of a failed action, as far as Paho C++ keeps it.
[[nodiscard]] Response to_response(const mqtt::token& token);

}  // namespace mqtt_logger
