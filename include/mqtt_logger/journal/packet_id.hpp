#pragma once

#include <cstdint>

namespace mqtt_logger {

/// MQTT's packet identifier (MQTT 5, section 2.2.1): 1 to 65,535; 0 where a packet has none.
using PacketId = std::uint16_t;

}  // namespace mqtt_logger
