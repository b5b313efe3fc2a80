#pragma once

#include "mqtt_logger/options/options.hpp"
#include "mqtt_logger/publish/outgoing_message.hpp"

#include <mqtt/message.h>

namespace mqtt_logger {

/// As the library takes it; with MQTT 3.1.1 without the properties.
[[nodiscard]] mqtt::message_ptr make_publish(const OutgoingMessage& message, MqttVersion version);

}  // namespace mqtt_logger
