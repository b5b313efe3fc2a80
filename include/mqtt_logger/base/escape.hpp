#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mqtt_logger {

/// Appends foreign text so that it stays on one line and cannot steer a terminal: control characters (C0,
/// DEL, C1) as \xHH, and every byte above 0x7F as well if `text` is not valid UTF-8.
void append_escaped(std::string& out, std::string_view text);
[[nodiscard]] std::string escaped(std::string_view text);

/// At most so many bytes from the begin of a text, cut between two characters of UTF-8.
[[nodiscard]] std::string cut_at_character(std::string_view text, std::size_t maximum_bytes);

/// The first 200 characters of a text that others choose and that may be as long as they like, such as a
/// topic or a broker's reason, and "…" where there were more.
[[nodiscard]] std::string shortened(std::string_view text);

}  // namespace mqtt_logger
