#include "sent_message.hpp"

#include <mqtt/properties.h>

namespace mqtt_logger {
namespace {

mqtt::properties to_properties(const PublishProperties& from) {
  mqtt::properties properties;
  if (from.payload_format_indicator)
    properties.add({mqtt::property::PAYLOAD_FORMAT_INDICATOR, *from.payload_format_indicator});
  if (from.message_expiry_interval)
    properties.add(
        {mqtt::property::MESSAGE_EXPIRY_INTERVAL, static_cast<std::int32_t>(*from.message_expiry_interval)});
  if (from.content_type) properties.add({mqtt::property::CONTENT_TYPE, *from.content_type});
  if (from.response_topic) properties.add({mqtt::property::RESPONSE_TOPIC, *from.response_topic});
  if (from.correlation_data) properties.add({mqtt::property::CORRELATION_DATA, *from.correlation_data});
  for (const auto& [name, value] : from.user_properties)
    properties.add({mqtt::property::USER_PROPERTY, name, value});
  return properties;
}

}  // namespace

mqtt::message_ptr make_publish(const OutgoingMessage& message, MqttVersion version) {
  auto made =
      mqtt::make_message(message.topic, message.payload, static_cast<int>(message.qos), message.is_retained);
  if (version == MqttVersion::v5) made->set_properties(to_properties(message.properties));
  return made;
}

}  // namespace mqtt_logger
