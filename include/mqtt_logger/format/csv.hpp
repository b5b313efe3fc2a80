#pragma once

#include "mqtt_logger/format/fields.hpp"

#include <string>
#include <string_view>

namespace mqtt_logger {

/// The first line of every CSV export, with its line end.
inline constexpr std::string_view kCsvHeader = "timestamp,topic,payload,encoding,qos,retain\n";

/// Appends one record as a CSV line (RFC 4180; lines end in LF), with its line end.
/// A topic that is not valid UTF-8 gets U+FFFD for each wrong sequence.
void append_csv(std::string& out, const Fields& fields);

}  // namespace mqtt_logger
