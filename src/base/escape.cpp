#include "mqtt_logger/base/escape.hpp"

#include "mqtt_logger/base/utf8.hpp"

namespace mqtt_logger {
namespace {

void append_hexadecimal(std::string& out, unsigned char byte) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  out += "\\x";
  out += digits[byte >> 4];
  out += digits[byte & 0x0F];
}

bool begins_character(char byte) noexcept {
  return (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
}

}  // namespace

void append_escaped(std::string& out, std::string_view text) {
  const bool is_utf8 = is_valid_utf8(text);
  bool is_within_c1 = false;  // the second byte of U+0080 to U+009F
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool begins_c1 =
        byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (byte < 0x20 || byte == 0x7F || begins_c1 || is_within_c1 || (byte > 0x7F && !is_utf8)) {
      append_hexadecimal(out, byte);
    } else {
      out += text[i];
    }
    is_within_c1 = begins_c1;
  }
}

std::string escaped(std::string_view text) {
  std::string out;
  append_escaped(out, text);
  return out;
}

std::string cut_at_character(std::string_view text, std::size_t maximum_bytes) {
  if (text.size() <= maximum_bytes) return std::string{text};
  constexpr std::size_t kMostContinued = 3;  // bytes of one character
  std::size_t end = maximum_bytes;
  while (end > 0 && maximum_bytes - end < kMostContinued && !begins_character(text[end])) --end;
  return std::string{text.substr(0, begins_character(text[end]) ? end : maximum_bytes)};
}

std::string shortened(std::string_view text) {
  constexpr std::size_t kMaximumCharacters = 200;
  constexpr std::size_t kLongestCharacter = 4;
  std::size_t characters = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!begins_character(text[i]) && i < kMaximumCharacters * kLongestCharacter) continue;
    if (++characters > kMaximumCharacters) return std::string{text.substr(0, i)} + "…";
  }
  return std::string{text};
}

}  // namespace mqtt_logger
