#include "mqtt_logger/format/json.hpp"

#include "mqtt_logger/format/properties.hpp"
#include "mqtt_logger/format/text.hpp"

namespace mqtt_logger {
namespace {

void append_payload(std::string& out, const Fields& fields) {
  switch (fields.encoding) {
    case Encoding::json:
      append_json_on_one_line(out, fields.payload);
      return;
    case Encoding::text:
      append_json_string(out, fields.payload);
      return;
    case Encoding::base64:
      out.push_back('"');
      append_base64(out, fields.payload);
      out.push_back('"');
  }
}

void append_properties_member(std::string& out, std::string_view properties) {
  if (properties.empty()) return;
  const std::size_t begin = out.size();
  out.append(",\"properties\":");
  if (!append_properties(out, properties)) out.resize(begin);
}

}  // namespace

void append_json(std::string& out, const Fields& fields) {
  std::string repaired_topic;
  out.append("{\"timestamp\":\"");
  out.append(fields.timestamp);
  out.append("\",\"topic\":");
  append_json_string(out, as_valid_utf8(fields.topic, repaired_topic));
  out.append(",\"payload\":");
  append_payload(out, fields);
  out.append(",\"encoding\":\"");
  out.append(to_string(fields.encoding));
  out.append("\",\"qos\":");
  out.push_back(static_cast<char>('0' + static_cast<int>(fields.qos)));
  out.append(fields.is_retained ? ",\"retain\":true" : ",\"retain\":false");
  append_properties_member(out, fields.properties);
  for (const ColumnValue& column : fields.columns) {
    if (column.json.empty()) continue;
    out.push_back(',');
    append_json_string(out, column.name);
    out.push_back(':');
    append_json_on_one_line(out, column.json);
  }
  out.push_back('}');
}

}  // namespace mqtt_logger
