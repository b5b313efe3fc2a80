#include "mqtt_logger/format/json_validator.hpp"

#include "mqtt_logger/base/utf8.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <system_error>

namespace mqtt_logger {
namespace {

constexpr unsigned kMaxDepth = 64;
constexpr std::size_t kMaxNumberLength = 64;
constexpr std::size_t kDigitsThatAlwaysFit = 18;  // in 64 bits, with either sign

constexpr bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

constexpr int hex_value(char c) noexcept {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

template <typename Integer>
bool fits(std::string_view digits) noexcept {
  Integer value{};
  return std::from_chars(digits.data(), digits.data() + digits.size(), value).ec == std::errc{};
}

/// strtod, because from_chars says the same of too large and too small, and too small is fine. (Nothing in
/// this program changes the locale, so the decimal point is a point.)
bool is_finite(std::string_view number) noexcept {
  std::array<char, kMaxNumberLength + 1> text{};
  number.copy(text.data(), kMaxNumberLength);
  return std::isfinite(std::strtod(text.data(), nullptr));
}

/// Reads one JSON text from front to back.
///
/// Instead of nlohmann's parser because every payload passes here: this one is several times faster,
/// allocates nothing and does not recurse. A test holds the two against each other on generated and mutated
/// texts. Invariant: the lowest depth_ bits of objects_ tell, innermost lowest, which open containers are
/// objects.
class Reader {
 public:
  explicit Reader(std::string_view text) noexcept : text_{text} {}

  bool read_text() noexcept {
    do {
      if (!read_value()) return false;
    } while (depth_ > 0 && read_separator());
    skip_whitespace();
    return depth_ == 0 && at_ == text_.size();
  }

 private:
  /// NUL at the end: that is no part of any JSON text, so no other check for the end is needed.
  char peek() const noexcept { return at_ < text_.size() ? text_[at_] : '\0'; }

  bool take(char c) noexcept {
    if (peek() != c) return false;
    ++at_;
    return true;
  }

  bool take(std::string_view word) noexcept {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }

  void skip_whitespace() noexcept {
    while (peek() == ' ' || peek() == '\n' || peek() == '\r' || peek() == '\t') ++at_;
  }

  bool is_in_object() const noexcept { return (objects_ & 1) != 0; }

  bool open(bool is_object) noexcept {
    if (depth_ == kMaxDepth) return false;
    objects_ = objects_ << 1 | (is_object ? 1 : 0);
    ++depth_;
    ++at_;
    return true;
  }

  void close() noexcept {
    objects_ >>= 1;
    --depth_;
    ++at_;
  }

  /// Up to the end of a value without members; containers on the way stay open.
  bool read_value() noexcept {
    for (;;) {
      skip_whitespace();
      switch (peek()) {
        case '{':
          if (!open(true)) return false;
          skip_whitespace();
          if (peek() == '}') return true;
          if (!read_name()) return false;
          break;
        case '[':
          if (!open(false)) return false;
          skip_whitespace();
          if (peek() == ']') return true;
          break;
        case '"':
          return read_string();
        case 't':
          return take("true");
        case 'f':
          return take("false");
        case 'n':
          return take("null");
        default:
          return read_number();
      }
    }
  }

  /// After a value: closes the containers that end here, then goes past the comma to where the next value
  /// begins. False at the end of the text, and where something else stands.
  bool read_separator() noexcept {
    while (depth_ > 0) {
      skip_whitespace();
      if (take(',')) return !is_in_object() || read_name();
      if (peek() != (is_in_object() ? '}' : ']')) return false;
      close();
    }
    return false;
  }

  bool read_name() noexcept {
    skip_whitespace();
    if (!read_string()) return false;
    skip_whitespace();
    return take(':');
  }

  bool read_string() noexcept {
    if (!take('"')) return false;
    for (;;) {
      at_ = find_json_special(text_, at_);
      if (take('"')) return true;
      if (!take('\\') || !read_escape()) return false;
    }
  }

  bool read_escape() noexcept {
    if (!take('u')) {
      const bool is_known = std::string_view{"\"\\/bfnrt"}.find(peek()) != std::string_view::npos;
      if (is_known) ++at_;
      return is_known;
    }
    const int unit = read_code_unit();
    if (unit >= 0xDC00 && unit <= 0xDFFF) return false;
    if (unit < 0xD800 || unit > 0xDBFF) return unit >= 0;
    if (!take("\\u")) return false;
    const int low = read_code_unit();
    return low >= 0xDC00 && low <= 0xDFFF;
  }

  /// Four hexadecimal digits; -1 if they are not.
  int read_code_unit() noexcept {
    int unit = 0;
    for (int i = 0; i < 4; ++i) {
      const int digit = hex_value(peek());
      if (digit < 0) return -1;
      unit = unit * 16 + digit;
      ++at_;
    }
    return unit;
  }

  std::size_t skip_digits() noexcept {
    const std::size_t begin = at_;
    while (is_digit(peek())) ++at_;
    return at_ - begin;
  }

  bool read_number() noexcept {
    const std::size_t begin = at_;
    const bool is_negative = take('-');
    const std::size_t integer_digits = take('0') ? 1 : skip_digits();
    if (integer_digits == 0) return false;
    const bool has_fraction = take('.');
    if (has_fraction && skip_digits() == 0) return false;
    const bool has_exponent = take('e') || take('E');
    if (has_exponent) {
      if (!take('+')) take('-');
      if (skip_digits() == 0) return false;
    }
    const std::string_view number = text_.substr(begin, at_ - begin);
    if (number.size() > kMaxNumberLength) return false;
    if (has_exponent) return is_finite(number);
    if (has_fraction || integer_digits <= kDigitsThatAlwaysFit) return true;
    return is_negative ? fits<std::int64_t>(number) : fits<std::uint64_t>(number);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::uint64_t objects_ = 0;
  unsigned depth_ = 0;
};

}  // namespace

bool is_portable_json(std::string_view text) noexcept {
  return Reader{text}.read_text();
}

}  // namespace mqtt_logger
