#include "outgoing.hpp"

#include "mqtt_logger/format/decoding.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>

namespace mqtt_logger {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaximumTopicBytes = 65'535;

template <typename Number>
std::optional<Number> find_number(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end()) return std::nullopt;
  return found->get<Number>();
}

std::optional<std::string> find_text(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end()) return std::nullopt;
  return found->get<std::string>();
}

}  // namespace

std::optional<PublishProperties> parse_properties(std::string_view json) {
  if (json.empty()) return PublishProperties{};
  try {
    const Json object = Json::parse(json);
    PublishProperties properties;
    properties.payload_format_indicator = find_number<std::uint8_t>(object, "payload_format_indicator");
    properties.message_expiry_interval = find_number<std::uint32_t>(object, "message_expiry_interval");
    properties.content_type = find_text(object, "content_type");
    properties.response_topic = find_text(object, "response_topic");
    if (const auto text = find_text(object, "correlation_data")) {
      if (!append_decoded_base64(properties.correlation_data.emplace(), *text)) return std::nullopt;
    }
    if (const auto pairs = object.find("user_properties"); pairs != object.end()) {
      for (const Json& pair : *pairs)
        properties.user_properties.emplace_back(pair.at(0).get<std::string>(), pair.at(1).get<std::string>());
    }
    return properties;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

std::optional<OutgoingMessage> make_outgoing(const RecordedMessage& record, const std::string& prefix,
                                             std::string& fault) {
  std::string topic = prefix + std::string{record.topic};
  auto properties = parse_properties(record.properties);
  if (!record.is_sound)
    fault = "the payload is damaged";
  else if (!properties)
    fault = "the properties are not those that the logger writes";
  else if (topic.size() > kMaximumTopicBytes)
    fault = "the topic is longer than 65,535 bytes";
  else if (topic.find_first_of(std::string_view{"+#\0", 3}) != std::string::npos)
    fault = "the topic has a wildcard or NUL in it: " + quote_for_fault(topic);
  else
    return OutgoingMessage{std::move(topic), std::string{record.payload}, std::move(*properties), record.qos,
                           record.is_retained};
  return std::nullopt;
}

}  // namespace mqtt_logger
