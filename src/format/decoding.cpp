#include "mqtt_logger/format/decoding.hpp"

#include "mqtt_logger/base/utf8.hpp"

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <system_error>

namespace mqtt_logger {
namespace {

constexpr std::uint8_t kNoDigit = 0xFF;

constexpr std::array<std::uint8_t, 256> make_base64_values() noexcept {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::array<std::uint8_t, 256> values{};
  values.fill(kNoDigit);
  for (std::size_t i = 0; i < kDigits.size(); ++i)
    values[static_cast<std::uint8_t>(kDigits[i])] = static_cast<std::uint8_t>(i);
  return values;
}

constexpr std::array<std::uint8_t, 256> kBase64Values = make_base64_values();

/// Takes four hexadecimal digits off the front.
std::optional<std::uint32_t> take_code_unit(std::string_view& rest) noexcept {
  constexpr std::size_t kDigits = 4;
  if (rest.size() < kDigits) return std::nullopt;
  std::uint32_t unit = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + kDigits, unit, 16);
  if (error != std::errc{} || end != rest.data() + kDigits) return std::nullopt;
  rest.remove_prefix(kDigits);
  return unit;
}

/// Takes what follows `\u` off the front: one code unit, or two that are one code point.
std::optional<std::uint32_t> take_code_point(std::string_view& rest) noexcept {
  const auto unit = take_code_unit(rest);
  if (!unit || *unit < 0xD800 || *unit > 0xDFFF) return unit;
  if (*unit > 0xDBFF || !rest.starts_with("\\u")) return std::nullopt;
  rest.remove_prefix(2);
  const auto low = take_code_unit(rest);
  if (!low || *low < 0xDC00 || *low > 0xDFFF) return std::nullopt;
  return 0x10000 + ((*unit - 0xD800) << 10) + (*low - 0xDC00);
}

}  // namespace

bool append_decoded_base64(std::string& out, std::string_view text) {
  if (text.size() % 4 != 0) return false;
  if (text.empty()) return true;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  std::size_t at = out.size();
  out.resize(at + text.size() / 4 * 3);
  std::uint8_t wrong = 0;
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < text.size(); i += 4) {
    bits = 0;
    for (std::size_t digit = i; digit < i + 4; ++digit) {
      const std::uint8_t value =
          digit < text.size() - padding ? kBase64Values[static_cast<std::uint8_t>(text[digit])] : 0;
      wrong |= value & 0xC0;
      bits = bits << 6 | value;
    }
    out[at++] = static_cast<char>(bits >> 16);
    out[at++] = static_cast<char>(bits >> 8);
    out[at++] = static_cast<char>(bits);
  }
  out.erase(out.size() - padding);
  // Bits that stand for nothing must be zero: there is one spelling for each content.
  const std::uint32_t unused = padding == 2 ? bits & 0xFFFF : padding == 1 ? bits & 0xFF : 0;
  return wrong == 0 && unused == 0;
}

bool append_decoded_json_string(std::string& out, std::string_view literal) {
  if (literal.size() < 2 || literal.front() != '"' || literal.back() != '"') return false;
  std::string_view rest = literal.substr(1, literal.size() - 2);
  for (;;) {
    const std::size_t special = find_json_special(rest, 0);
    out.append(rest.substr(0, special));
    if (special == rest.size()) return true;
    if (rest[special] != '\\' || special + 1 == rest.size()) return false;
    const char escape = rest[special + 1];
    rest.remove_prefix(special + 2);
    if (escape == 'u') {
      const auto code_point = take_code_point(rest);
      if (!code_point) return false;
      append_utf8(out, *code_point);
      continue;
    }
    constexpr std::string_view kEscapes = "\"\\/bfnrt";
    constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    const std::size_t known = kEscapes.find(escape);
    if (known == std::string_view::npos) return false;
    out += kMeanings[known];
  }
}

}  // namespace mqtt_logger
