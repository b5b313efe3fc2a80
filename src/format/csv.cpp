#include "mqtt_logger/format/csv.hpp"

#include "mqtt_logger/base/swar.hpp"
#include "mqtt_logger/base/utf8.hpp"

#include <array>
#include <cstddef>

namespace mqtt_logger {
namespace {

constexpr bool needs_quotes(char c) noexcept {
  return c == ',' || c == '"' || c == '\r' || c == '\n';
}

bool needs_quotes(std::string_view field) noexcept {
  std::size_t at = 0;
  for (; field.size() - at >= SwarWord::kSize; at += SwarWord::kSize) {
    const SwarWord bytes{field.data() + at};
    if ((bytes.mark(',') | bytes.mark('"') | bytes.mark('\r') | bytes.mark('\n')) != 0) return true;
  }
  while (at < field.size() && !needs_quotes(field[at])) ++at;
  return at < field.size();
}

/// Without a branch per quotation mark: in JSON payloads they are everywhere, and never where a processor
/// expects them.
void append_with_doubled_quotes(std::string& out, std::string_view field) {
  constexpr std::size_t kPartSize = 128;
  std::array<char, 2 * kPartSize> doubled;
  while (!field.empty()) {
    const std::string_view part = field.substr(0, kPartSize);
    char* end = doubled.data();
    for (const char c : part) {
      end[0] = c;
      end[1] = '"';
      end += c == '"' ? 2 : 1;
    }
    out.append(doubled.data(), end);
    field.remove_prefix(part.size());
  }
}

void append_plain(std::string& out, std::string_view field) {
  out.append(field);
}

void append_field(std::string& out, std::string_view field) {
  if (!needs_quotes(field)) {
    out.append(field);
    return;
  }
  out.push_back('"');
  append_with_doubled_quotes(out, field);
  out.push_back('"');
}

void append_long_payload(std::string& out, const Fields& fields, const Pieces& pieces) {
  if (fields.encoding == Encoding::base64) {
    pieces.append(out, fields.payload, append_base64);
  } else if (!needs_quotes(fields.payload)) {
    pieces.append(out, fields.payload, append_plain);
  } else {
    out.push_back('"');
    pieces.append(out, fields.payload, append_with_doubled_quotes);
    out.push_back('"');
  }
}

/// A value that is as long as a payload can be, read twice in place of being kept as a whole.
void append_long_column(std::string& out, std::string_view json, const Pieces& pieces) {
  bool is_quoted = false;
  for_each_part_of_column(json, Pieces::kStepBytes, [&is_quoted](std::string_view part) {
    is_quoted = is_quoted || needs_quotes(part);
  });
  if (is_quoted) out.push_back('"');
  for_each_part_of_column(json, Pieces::kStepBytes, [&](std::string_view part) {
    if (is_quoted) {
      append_with_doubled_quotes(out, part);
    } else {
      out.append(part);
    }
    pieces.hand_on(out);
  });
  if (is_quoted) out.push_back('"');
}

}  // namespace

std::string make_csv_header(const std::vector<Column>& columns) {
  std::string header{kCsvHeader.substr(0, kCsvHeader.size() - 1)};
  for (const Column& column : columns) {
    header.push_back(',');
    append_field(header, column.name);
  }
  return header += '\n';
}

void append_csv(std::string& out, const Fields& fields, const Pieces& pieces) {
  std::string repaired_topic;
  out.append(fields.timestamp);
  out.push_back(',');
  append_field(out, as_valid_utf8(fields.topic, repaired_topic));
  out.push_back(',');
  if (fields.payload.size() > Pieces::kStepBytes) {
    append_long_payload(out, fields, pieces);
  } else if (fields.encoding == Encoding::base64) {
    append_base64(out, fields.payload);
  } else {
    append_field(out, fields.payload);
  }
  out.push_back(',');
  out.append(to_string(fields.encoding));
  out.push_back(',');
  out.push_back(static_cast<char>('0' + static_cast<int>(fields.qos)));
  out.append(fields.is_retained ? ",true" : ",false");
  std::string text;
  for (const ColumnValue& column : fields.columns) {
    out.push_back(',');
    if (column.json.size() > Pieces::kStepBytes) {
      append_long_column(out, column.json, pieces);
      continue;
    }
    text.clear();
    append_column_text(text, column.json);
    append_field(out, text);
    pieces.hand_on(out);
  }
  out.push_back('\n');
}

}  // namespace mqtt_logger
