#pragma once

#include "mqtt_logger/journal/packet_ids.hpp"

#include <mqtt/message.h>

#include <string>

namespace mqtt_logger {

// What the library's message class does not say of a received message.

/// The packet identifier of a message of QoS 1, 0 if it has none.
[[nodiscard]] PacketId packet_id_of(const mqtt::message& message) noexcept;

/// Writes a message's properties as they were on the wire (MQTT 5, section 2.2.2, without the length in
/// front).
void write_properties(std::string& out, const mqtt::message& message);

}  // namespace mqtt_logger
