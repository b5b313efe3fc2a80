#include "mqtt_logger/exports/file_format.hpp"

#include "mqtt_logger/format/csv.hpp"
#include "mqtt_logger/format/json.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

namespace mqtt_logger {
namespace {

constexpr std::string_view kRecordBegin = R"({"timestamp":")";

/// Takes the last field off, with the comma before it; nothing if the text begins within that field. From the
/// end, because a record may be of any length: a quoted field begins with the first quotation mark that is
/// none of two, seen from its end.
std::optional<std::string_view> take_last_field(std::string_view& text) noexcept {
  std::size_t begin = 0;
  if (text.ends_with('"')) {
    for (std::size_t end = text.size() - 1;;) {
      const std::size_t last = end == 0 ? std::string_view::npos : text.rfind('"', end - 1);
      if (last == std::string_view::npos) return std::nullopt;
      begin = last;
      while (begin > 0 && text[begin - 1] == '"') --begin;
      if ((last - begin) % 2 == 0) break;
      end = begin;
    }
  } else {
    const std::size_t comma = text.rfind(',');
    begin = comma == std::string_view::npos ? 0 : comma + 1;
  }
  if (begin == 0) return std::nullopt;
  const std::string_view field = text.substr(begin);
  text.remove_suffix(field.size() + 1);
  return field;
}

// A record may span lines in CSV, so its last line is told by how it ends: `…,encoding,qos,retain`, and extra
// columns.
RecordEnd check_csv_end(std::string_view text, std::size_t extra_columns) {
  for (std::size_t i = 0; i < extra_columns; ++i) {
    if (!take_last_field(text)) return RecordEnd::unknown;
  }
  const auto retain = take_last_field(text);
  const auto qos = take_last_field(text);
  const auto encoding = take_last_field(text);
  if (!encoding) return extra_columns == 0 ? RecordEnd::foreign : RecordEnd::unknown;
  constexpr std::array<std::string_view, 3> kEncodings{"json", "text", "base64"};
  const bool is_ours = (retain == "true" || retain == "false") && (qos == "0" || qos == "1" || qos == "2") &&
                       std::ranges::find(kEncodings, encoding) != kEncodings.end();
  return is_ours ? RecordEnd::ours : RecordEnd::foreign;
}

RecordEnd check_json_end(std::string_view text, std::size_t) {
  return text.ends_with('}') ? RecordEnd::ours : RecordEnd::foreign;
}

}  // namespace

FileFormat file_format(Format format, const std::vector<Column>& columns) {
  switch (format) {
    case Format::csv:
      return {format,        ".csv",        make_csv_header(columns), "", "", "", "", append_csv, "",
              check_csv_end, columns.size()};
    case Format::json:
      return {format, ".json", "[", "\n", ",\n", "", "\n]\n", append_json, kRecordBegin, check_json_end};
    case Format::jsonl:
      break;
  }
  return {format, ".jsonl", "", "", "", "\n", "", append_json, kRecordBegin, check_json_end};
}

}  // namespace mqtt_logger
