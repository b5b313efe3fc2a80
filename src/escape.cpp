#include "mqtt_logger/escape.hpp"

#include "mqtt_logger/format/text.hpp"

namespace mqtt_logger {
namespace {

void append_hexadecimal(std::string& out, unsigned char byte) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  out += "\\x";
  out += digits[byte >> 4];
  out += digits[byte & 0x0F];
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

}  // namespace mqtt_logger
