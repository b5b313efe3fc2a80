#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mqtt_logger::test {

using CsvRow = std::vector<std::string>;

/// The rows of a CSV text (RFC 4180, lines end in LF); nothing if a strict reader would refuse it.
inline std::optional<std::vector<CsvRow>> read_csv(std::string_view text) {
  std::vector<CsvRow> rows;
  CsvRow row;
  for (std::size_t at = 0; at < text.size();) {
    std::string field;
    if (text[at] == '"') {
      for (;;) {
        const std::size_t quote = text.find('"', at + 1);
        if (quote == std::string_view::npos) return std::nullopt;
        field.append(text.substr(at + 1, quote - at - 1));
        at = quote + 1;
        if (at == text.size() || text[at] != '"') break;
        field.push_back('"');
      }
    } else {
      const std::size_t end = text.find_first_of(",\n\"\r", at);
      if (end == std::string_view::npos) return std::nullopt;
      field = text.substr(at, end - at);
      at = end;
    }
    row.push_back(std::move(field));
    if (at == text.size() || (text[at] != ',' && text[at] != '\n')) return std::nullopt;
    if (text[at] == '\n') rows.push_back(std::exchange(row, {}));
    ++at;
  }
  if (!row.empty()) return std::nullopt;  // no line end
  return rows;
}

}  // namespace mqtt_logger::test
