#include "mqtt_logger/format/columns.hpp"

#include "mqtt_logger/format/decoding.hpp"

namespace mqtt_logger {

void append_column_text(std::string& out, std::string_view json) {
  if (json == "null") return;
  if (!json.starts_with('"')) {
    out.append(json);
    return;
  }
  const std::size_t begin = out.size();
  if (!append_decoded_json_string(out, json)) {  // not after a check of the payload
    out.resize(begin);
    return;
  }
  constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
  for (auto at = out.find('\0', begin); at != std::string::npos; at = out.find('\0', at))
    out.replace(at, 1, kReplacement);
}

void append_json_on_one_line(std::string& out, std::string_view json) {
  const std::size_t begin = out.size();
  out.append(json);
  for (const char line_break : {'\r', '\n'}) {
    for (auto at = out.find(line_break, begin); at != std::string::npos; at = out.find(line_break, at + 1)) {
      out[at] = ' ';
    }
  }
}

}  // namespace mqtt_logger
