#pragma once

#include "mqtt_logger/format/fields.hpp"
#include "mqtt_logger/format/pieces.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace mqtt_logger {

/// The first line of a CSV export without extra columns, with its line end.
inline constexpr std::string_view kCsvHeader = "timestamp,topic,payload,encoding,qos,retain\n";

/// The first line of a CSV export with these columns behind the others, with its line end.
[[nodiscard]] std::string make_csv_header(const std::vector<Column>& columns);

/// Appends one record as a CSV line (RFC 4180; lines end in LF), with its line end.
/// A topic that is not valid UTF-8 gets U+FFFD for each wrong sequence. `pieces` takes what is long.
void append_csv(std::string& out, const Fields& fields, const Pieces& pieces = {});

}  // namespace mqtt_logger
