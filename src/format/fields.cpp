#include "mqtt_logger/format/fields.hpp"

#include "mqtt_logger/base/utf8.hpp"
#include "mqtt_logger/format/json_validator.hpp"

#include <utility>

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

FieldsMaker::FieldsMaker(std::vector<Column> columns, std::string_view client_id)
    : columns_{std::move(columns)} {
  append_json_string(client_id_, client_id);
  for (const Column& column : columns_) values_.push_back({column.name, client_id_});
}

Fields FieldsMaker::make(const MessageView& message) {
  Fields fields = make_fields(message, timestamps_);
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const auto& pointer = columns_[i].pointer;
    if (!pointer) continue;
    const bool is_json = fields.encoding == Encoding::json;
    values_[i].json = is_json ? pointer->find_in(fields.payload).value_or("") : "";
  }
  fields.columns = values_;
  return fields;
}

}  // namespace mqtt_logger
