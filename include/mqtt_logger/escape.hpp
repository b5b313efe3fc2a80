#pragma once

#include <string>
#include <string_view>

namespace mqtt_logger {

/// Appends foreign text so that it stays on one line and cannot steer a terminal: control characters (C0,
/// DEL, C1) as \xHH, and every byte above 0x7F as well if `text` is not valid UTF-8.
void append_escaped(std::string& out, std::string_view text);

}  // namespace mqtt_logger
