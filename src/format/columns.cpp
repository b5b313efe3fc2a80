#include "mqtt_logger/format/columns.hpp"

#include "mqtt_logger/format/decoding.hpp"

#include <algorithm>
#include <cstddef>

namespace mqtt_logger {
namespace {

/// Whether `digits` begin with a code unit of which two make one character (RFC 8259, section 7).
bool begins_with_surrogate(std::string_view digits) noexcept {
  return digits.size() >= 2 && (digits[0] == 'd' || digits[0] == 'D') && digits[1] >= '8';
}

/// How much of what stands between the quotes can be a string of its own: about so many bytes, but no part of
/// an escape, or of two that make one character.
std::size_t find_string_cut(std::string_view text, std::size_t bytes) noexcept {
  const std::string_view part = text.substr(0, bytes);
  std::size_t at = 0;
  while (at < part.size()) {
    const std::size_t escape = part.find('\\', at);
    if (escape == std::string_view::npos) return part.size();
    const std::string_view sequence = text.substr(escape + 1);
    const bool is_code_unit = sequence.starts_with('u');
    at = escape + (!is_code_unit ? 2 : begins_with_surrogate(sequence.substr(1)) ? 12 : 6);
  }
  return std::min(at, text.size());
}

}  // namespace

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

void for_each_part_of_column(std::string_view json, std::size_t bytes,
                             const std::function<void(std::string_view)>& on_part) {
  const bool is_string = json.size() >= 2 && json.starts_with('"');
  std::string part;
  for (std::string_view rest = is_string ? json.substr(1, json.size() - 2) : json; !rest.empty();) {
    const std::size_t length = is_string ? find_string_cut(rest, bytes) : std::min(bytes, rest.size());
    part.clear();
    if (is_string) {
      append_column_text(part, std::string{'"'}.append(rest.substr(0, length)).append(1, '"'));
    } else {
      part.append(rest.substr(0, length));
    }
    on_part(part);
    rest.remove_prefix(length);
  }
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
