#pragma once

#include "mqtt_logger/format/json_scanner.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mqtt_logger {

/// An extra column of the CSV and member of the JSON: `--columns NAME=SOURCE`.
struct Column {
  std::string name;
  std::optional<JsonPointer> pointer;  ///< into payloads that are JSON; nothing: who the logger is

  bool operator==(const Column&) const = default;
};

/// What one record has in a column. A view.
struct ColumnValue {
  std::string_view name;
  std::string_view json;  ///< as it is spelled in the payload; empty: nothing is there
};

/// Appends the value as text, for a format that has no other types: a string without its quotes and escapes,
/// anything else as it is spelled. Nothing for null, as for a value that is missing. A NUL becomes U+FFFD.
void append_column_text(std::string& out, std::string_view json);

/// Gives that text part by part, of about so many bytes each, for a value that is valid JSON.
void for_each_part_of_column(std::string_view json, std::size_t bytes,
                             const std::function<void(std::string_view)>& on_part);

/// Appends JSON on one line: verbatim but for the line breaks. In valid JSON they stand only between tokens,
/// where a space means the same.
void append_json_on_one_line(std::string& out, std::string_view json);

}  // namespace mqtt_logger
