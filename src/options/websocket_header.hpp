#pragma once

#include "mqtt_logger/options/options.hpp"

#include <string>
#include <string_view>
#include <variant>

namespace mqtt_logger {

/// `Name: value` as it is sent in an HTTP request (RFC 9110, section 5): the value without white space around
/// it and without control characters, so that it cannot begin a further header; the name none of those that
/// the WebSocket itself sets. If it is not: what would be right, as the end of a sentence, without the value.
[[nodiscard]] std::variant<WebSocketHeader, std::string> parse_websocket_header(std::string_view text);

}  // namespace mqtt_logger
