#include "mqtt_logger/recording/record.hpp"

#include "mqtt_logger/base/escape.hpp"
#include "mqtt_logger/base/timestamp.hpp"
#include "mqtt_logger/base/utf8.hpp"
#include "mqtt_logger/format/decoding.hpp"
#include "mqtt_logger/format/json_validator.hpp"

#include <fmt/core.h>

namespace mqtt_logger {
namespace {

std::optional<Encoding> parse_encoding(std::string_view name) noexcept {
  for (const Encoding encoding : {Encoding::json, Encoding::text, Encoding::base64}) {
    if (to_string(encoding) == name) return encoding;
  }
  return std::nullopt;
}

std::optional<std::string> find_payload_fault(std::string_view payload, Encoding encoding) {
  if (!is_valid_utf8(payload)) return "the payload is not valid UTF-8: " + quote_for_fault(payload);
  if (payload.find('\0') != std::string_view::npos)
    return "the payload has a NUL byte: " + quote_for_fault(payload);
  if (encoding == Encoding::json && !is_portable_json(payload))
    return "the payload is not valid JSON: " + quote_for_fault(payload);
  return std::nullopt;
}

std::optional<std::string> find_topic_fault(std::string_view topic) {
  if (topic.empty()) return "the topic is empty";
  if (!is_valid_utf8(topic)) return "the topic is not valid UTF-8: " + quote_for_fault(topic);
  return std::nullopt;
}

}  // namespace

std::string quote_for_fault(std::string_view text) {
  constexpr std::size_t kMaximum = 60;
  std::size_t length = std::min(text.size(), kMaximum);
  while (length < text.size() && length > 0 && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80)
    --length;
  std::string quoted = "'";
  append_escaped(quoted, text.substr(0, length));
  return quoted + (length < text.size() ? "…'" : "'");
}

std::optional<std::string> complete_record(const RawRecord& raw, RecordedMessage& record,
                                           std::string& decoded, bool& is_record) {
  is_record = false;
  const auto time = parse_timestamp(raw.timestamp);
  if (!time) return fmt::format("{} is no timestamp: a torn or foreign line", quote_for_fault(raw.timestamp));
  if (auto fault = find_topic_fault(raw.topic)) return fault;
  const auto encoding = parse_encoding(raw.encoding);
  if (!encoding)
    return fmt::format("the encoding is {}, not json, text or base64", quote_for_fault(raw.encoding));
  if (raw.qos.size() != 1 || raw.qos[0] < '0' || raw.qos[0] > '2')
    return fmt::format("the QoS is {}, not 0, 1 or 2", quote_for_fault(raw.qos));
  if (raw.retain != "true" && raw.retain != "false")
    return fmt::format("retain is {}, not true or false", quote_for_fault(raw.retain));
  is_record = true;
  record.time = *time;
  record.topic = raw.topic;
  record.payload = raw.payload;
  record.encoding = *encoding;
  record.qos = static_cast<QoS>(raw.qos[0] - '0');
  record.is_retained = raw.retain == "true";

  std::optional<std::string> fault;
  if (*encoding == Encoding::base64) {
    decoded.clear();
    if (append_decoded_base64(decoded, raw.payload))
      record.payload = decoded;
    else
      fault = "the payload is not valid Base64: " + quote_for_fault(raw.payload);
  } else {
    fault = find_payload_fault(raw.payload, *encoding);
  }
  record.is_sound = !fault.has_value();
  return fault;
}

}  // namespace mqtt_logger
