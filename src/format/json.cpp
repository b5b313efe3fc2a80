#include "mqtt_logger/format/json.hpp"

#include "mqtt_logger/base/utf8.hpp"

#include "properties.hpp"

namespace mqtt_logger {
namespace {

void append_payload(std::string& out, const Fields& fields, const Pieces& pieces) {
  if (fields.encoding == Encoding::json) {
    pieces.append(out, fields.payload, append_json_on_one_line);
    return;
  }
  out.push_back('"');
  pieces.append(out, fields.payload,
                fields.encoding == Encoding::text ? append_json_string_part : append_base64);
  out.push_back('"');
}

void append_properties_member(std::string& out, std::string_view properties, const Pieces& pieces) {
  if (properties.empty()) return;
  const std::size_t begin = out.size();
  out.append(",\"properties\":");
  if (!append_properties(out, properties, pieces)) out.resize(begin);
}

}  // namespace

void append_json(std::string& out, const Fields& fields, const Pieces& pieces) {
  std::string repaired_topic;
  out.append("{\"timestamp\":\"");
  out.append(fields.timestamp);
  out.append("\",\"topic\":");
  append_json_string(out, as_valid_utf8(fields.topic, repaired_topic));
  out.append(",\"payload\":");
  append_payload(out, fields, pieces);
  out.append(",\"encoding\":\"");
  out.append(to_string(fields.encoding));
  out.append("\",\"qos\":");
  out.push_back(static_cast<char>('0' + static_cast<int>(fields.qos)));
  out.append(fields.is_retained ? ",\"retain\":true" : ",\"retain\":false");
  append_properties_member(out, fields.properties, pieces);
  for (const ColumnValue& column : fields.columns) {
    if (column.json.empty()) continue;
    out.push_back(',');
    append_json_string(out, column.name);
    out.push_back(':');
    pieces.append(out, column.json, append_json_on_one_line);
  }
  out.push_back('}');
}

}  // namespace mqtt_logger
