#pragma once

#include <mqtt/properties.h>  // which says that they are of C

#include <string>

namespace mqtt_logger {

/// Writes a received message's properties as they were on the wire (MQTT 5, section 2.2.2, without the length
/// in front).
void write_properties(std::string& out, const MQTTProperties& properties);

}  // namespace mqtt_logger
