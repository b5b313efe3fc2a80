#include "mqtt_logger/format/fields.hpp"

#include "mqtt_logger/format/json_text.hpp"
#include "mqtt_logger/format/text.hpp"

namespace mqtt_logger {

std::string_view to_string(Encoding encoding) noexcept {
  switch (encoding) {
    case Encoding::json:
      return "json";
    case Encoding::text:
      return "text";
    case Encoding::base64:
      break;
  }
  return "base64";
}

Encoding find_encoding(std::string_view payload) noexcept {
  if (payload.find('\0') != std::string_view::npos || !is_valid_utf8(payload)) return Encoding::base64;
  return is_portable_json(payload) ? Encoding::json : Encoding::text;
}

Fields make_fields(const MessageView& message, TimestampFormatter& timestamps) noexcept {
  return {timestamps.format(message.receive_time), message.topic, message.payload,    message.properties,
          find_encoding(message.payload),          message.qos,   message.is_retained};
}

}  // namespace mqtt_logger
