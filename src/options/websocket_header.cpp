#include "websocket_header.hpp"

#include <algorithm>
#include <array>

namespace mqtt_logger {
namespace {

constexpr std::size_t kMaximumValueBytes = 16'384;
constexpr std::string_view kSpace = " \t";
constexpr std::string_view kTokenCharacters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~";
constexpr std::array<std::string_view, 6> kOurs{"connection",        "content-length", "host",
                                                "transfer-encoding", "upgrade",        "proxy-authorization"};

bool is_control_character(char character) noexcept {
  const auto byte = static_cast<unsigned char>(character);
  return (byte < 0x20 && character != '\t') || byte == 0x7F;
}

std::string to_lower(std::string_view text) {
  std::string lower{text};
  for (char& letter : lower) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  return lower;
}

}  // namespace

std::variant<WebSocketHeader, std::string> parse_websocket_header(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  if (colon == std::string_view::npos || name.empty() ||
      name.find_first_not_of(kTokenCharacters) != std::string_view::npos)
    return "must be NAME: VALUE, such as Authorization: Bearer TOKEN";
  const std::string lower = to_lower(name);
  if (lower.starts_with("sec-websocket-") || std::ranges::find(kOurs, lower) != kOurs.end())
    return "must not have a name that the WebSocket itself sets";
  std::string_view value = text.substr(colon + 1);
  value.remove_prefix(std::min(value.find_first_not_of(kSpace), value.size()));
  value = value.substr(0, value.find_last_not_of(kSpace) + 1);
  if (value.empty() || value.size() > kMaximumValueBytes || std::ranges::any_of(value, is_control_character))
    return "must have a value of 1 to 16,384 bytes without line breaks and control characters";
  return WebSocketHeader{std::string{name}, std::string{value}};
}

}  // namespace mqtt_logger
