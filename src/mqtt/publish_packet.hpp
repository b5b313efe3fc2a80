#pragma once

#include "mqtt_logger/base/message.hpp"
#include "mqtt_logger/journal/packet_ids.hpp"
#include "mqtt_logger/options/options.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace mqtt_logger {

/// A PUBLISH packet as on the wire.
struct PublishPacket {
  MessageView message;  ///< without a receive time
  PacketId packet_id = 0;
  bool is_duplicate = false;
};

/// Reads a PUBLISH packet (MQTT 5, section 3.3; MQTT 3.1.1, section 3.3): `first_byte` of the fixed header,
/// and all behind the remaining length. Nothing if it is malformed. The message is a view of `rest`. Pure.
[[nodiscard]] std::optional<PublishPacket> read_publish_packet(unsigned char first_byte,
                                                               std::string_view rest,
                                                               MqttVersion version) noexcept;

/// The smallest QoS 2 PUBLISH packet with this identifier, fixed header included.
[[nodiscard]] std::string make_placeholder_packet(PacketId packet_id, MqttVersion version);

}  // namespace mqtt_logger
