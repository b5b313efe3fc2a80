#pragma once

#include "mqtt_logger/base/message.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mqtt_logger {

/// What a PUBLISH of MQTT 5 can carry beside the payload (section 3.3.2.3).
struct PublishProperties {
  std::optional<std::uint8_t> payload_format_indicator;
  std::optional<std::uint32_t> message_expiry_interval;
  std::optional<std::string> content_type;
  std::optional<std::string> response_topic;
  std::optional<std::string> correlation_data;
  std::vector<std::pair<std::string, std::string>> user_properties;
};

struct OutgoingMessage {
  std::string topic;
  std::string payload;
  PublishProperties properties{};
  QoS qos = QoS::at_most_once;
  bool is_retained = false;
};

}  // namespace mqtt_logger
