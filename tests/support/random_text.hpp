#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

namespace mqtt_logger::test {

/// Makes texts for property tests, most of them right and the rest nearly so: what is random alone never gets
/// far.
class RandomText {
 public:
  explicit RandomText(std::uint64_t seed) : random_{seed} {}

  /// 0 to `limit` - 1.
  std::size_t below(std::size_t limit) { return static_cast<std::size_t>(random_() % limit); }

  std::string make_bytes(std::size_t max_size) {
    std::string bytes(below(max_size + 1), '\0');
    for (char& byte : bytes) byte = static_cast<char>(below(256));
    return bytes;
  }

  /// Valid UTF-8 with what exports must quote or escape.
  std::string make_utf8(std::size_t max_pieces) {
    std::string text;
    for (std::size_t i = below(max_pieces + 1); i > 0; --i) text += pick(kPieces);
    return text;
  }

  std::string make_json() {
    std::string text = make_json_value(4);
    if (below(20) == 0) {
      for (std::size_t i = 55 + below(15); i > 0; --i) {
        text = below(2) == 0 ? "[" + text + "]" : "{\"a\":" + text + "}";
      }
    }
    return make_whitespace() + text + make_whitespace();
  }

  /// A few bytes of `text` changed, removed, put in or moved.
  std::string mutate(std::string text) {
    for (std::size_t i = 1 + below(3); i > 0; --i) {
      const std::size_t at = below(text.size() + 1);
      switch (below(4)) {
        case 0:
          text.insert(at, pick(kPieces));
          break;
        case 1:
          text.erase(at, 1 + below(3));
          break;
        case 2:
          text.insert(at, text.substr(below(text.size() + 1), below(8)));
          break;
        default:
          if (at < text.size()) text[at] = static_cast<char>(below(256));
      }
    }
    return text;
  }

 private:
  // clang-format off
  static constexpr std::string_view kPieces[] = {
      "a", "12345678", "sensors/", "é", "😀", "\u2028", "\xC2\x80", "\xEF\xBF\xBD", "\xF4\x8F\xBF\xBF", "\xEF\xBB\xBF",
      ",", ";", "\"", "\"\"", "'", "\r", "\n", "\r\n", "\t", " ", "=1+1", "/", "\\", "\x01", "\x1F", "\x7F",
      "{", "}", "[", "]", ":", "-", "0", "1e9", "null", "true", "\\u0000", "\\ud83d\\ude00", "\\ud83d", "\\ude00",
      ",\"payload\":", ",\"encoding\":\"json\",\"qos\":"};
  static constexpr std::string_view kNumbers[] = {
      "0", "-0", "1.50", "-12.5e-3", "9223372036854775807", "-9223372036854775808", "-9223372036854775809",
      "18446744073709551615", "18446744073709551616", "1.7976931348623157e308", "1.7976931348623159e308",
      "1e-400", "-1E+400", "0e999999999999", "01", "1.", ".5", "-", "1e", "NaN"};
  static constexpr std::string_view kStringPieces[] = {
      "a", " ", "12345678", "é", "😀", "\x7F", "\\n", "\\\"", "\\\\", "\\/", "\\u00e9", "\\uFFFF", "\\ud83d\\ude00"};
  static constexpr std::string_view kWhitespace[] = {"", "", " ", "\r\n", "\n\t"};
  // clang-format on

  template <std::size_t size>
  std::string_view pick(const std::string_view (&choices)[size]) {
    return choices[below(size)];
  }

  std::string make_whitespace() { return std::string{pick(kWhitespace)}; }

  std::string make_json_string() {
    std::string text = "\"";
    for (std::size_t i = below(5); i > 0; --i) text += pick(kStringPieces);
    return text + "\"";
  }

  std::string make_number() {
    if (below(10) == 0) return std::string{pick(kNumbers)};
    const std::string digits(1 + below(10) * below(10), static_cast<char>('1' + below(9)));
    switch (below(4)) {
      case 0:
        return digits.substr(0, 1 + below(22));
      case 1:
        return "-" + digits.substr(0, 1 + below(22));
      case 2:
        return "0." + digits;
      default:
        return digits + "e" + std::to_string(below(330));
    }
  }

  std::string make_json_value(std::size_t levels_left) {
    switch (below(levels_left == 0 ? 4 : 7)) {
      case 0:
        return "null";
      case 1:
        return below(2) == 0 ? "true" : "false";
      case 2:
        return make_json_string();
      case 3:
        return make_number();
      case 4:
        return make_members('[', ']', levels_left);
      default:
        return make_members('{', '}', levels_left);
    }
  }

  std::string make_members(char open, char close, std::size_t levels_left) {
    std::string text{open};
    for (std::size_t i = below(4); i > 0; --i) {
      if (text.size() > 1) text += ",";
      text += make_whitespace();
      if (open == '{') text += make_json_string() + make_whitespace() + ":";
      text += make_whitespace() + make_json_value(levels_left - 1) + make_whitespace();
    }
    return text + close;
  }

  std::mt19937_64 random_;
};

}  // namespace mqtt_logger::test
