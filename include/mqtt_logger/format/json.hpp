#pragma once

#include "mqtt_logger/format/fields.hpp"
#include "mqtt_logger/format/pieces.hpp"

#include <string>

namespace mqtt_logger {

/// Appends one record as a JSON object (RFC 8259) on one line, without a line end: the member of a JSON array
/// or a line of JSON Lines. A topic that is not valid UTF-8 gets U+FFFD for each wrong sequence.
/// `pieces` takes what is long.
void append_json(std::string& out, const Fields& fields, const Pieces& pieces = {});

}  // namespace mqtt_logger
