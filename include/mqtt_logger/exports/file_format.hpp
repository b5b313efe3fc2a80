#pragma once

#include "mqtt_logger/format/columns.hpp"
#include "mqtt_logger/format/fields.hpp"
#include "mqtt_logger/format/pieces.hpp"
#include "mqtt_logger/options/options.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace mqtt_logger {

/// In the order in which they are told of.
inline constexpr std::array kAllFormats{Format::csv, Format::json, Format::jsonl};

/// What the end of a text tells of it. Unknown: the text begins too late to tell.
enum class RecordEnd : std::uint8_t { ours, foreign, unknown };

/// How a file of one format is put together:
///
///     opening, before_first, record, after_each, before_next, record, after_each, …, closing
///
/// All but the closing is the file's *body*, which only grows; every write ends with the closing, and the
/// next one begins where it stood.
struct FileFormat {
  Format format;
  std::string_view extension;
  std::string opening;
  std::string_view before_first;
  std::string_view before_next;
  std::string_view after_each;
  std::string_view closing;
  void (*append_record)(std::string& out, const Fields& fields, const Pieces& pieces);
  std::string_view record_begin;  ///< of a line that is a record; empty where a record may span lines
  RecordEnd (*check_end)(std::string_view text, std::size_t extra_columns);
  std::size_t extra_columns = 0;  ///< in each record

  /// Whether `text`, without a line end behind it, can end one of our records.
  [[nodiscard]] RecordEnd check_record_end(std::string_view text) const {
    return check_end(text, extra_columns);
  }

  /// Appends a record as it stands in the body, the first one or a later one.
  void append_to_body(std::string& out, const Fields& fields, bool is_first,
                      const Pieces& pieces = {}) const {
    out += is_first ? before_first : before_next;
    append_record(out, fields, pieces);
    out += after_each;
  }
};

[[nodiscard]] FileFormat file_format(Format format, const std::vector<Column>& columns = {});

}  // namespace mqtt_logger
