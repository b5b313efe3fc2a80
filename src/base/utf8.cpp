#include "mqtt_logger/base/utf8.hpp"

#include "mqtt_logger/base/swar.hpp"

#include <cstdint>

namespace mqtt_logger {
namespace {

constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";
constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kBase64Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The beginning of some bytes, read as one UTF-8 sequence: its length if it is right; if it is wrong, the
/// length of its longest beginning that could have been right, at least 1.
struct Sequence {
  std::size_t length;
  bool is_valid;
};

/// What may follow a lead byte: how many bytes, and in which range the first of them must be. These ranges
/// are what keeps out overlong forms, surrogates and code points above U+10FFFF (Unicode, table 3-7).
struct Continuation {
  std::size_t count;
  std::uint8_t first_min;
  std::uint8_t first_max;
};

constexpr Continuation find_continuation(std::uint8_t lead) noexcept {
  if (lead >= 0xC2 && lead <= 0xDF) return {1, 0x80, 0xBF};
  if (lead == 0xE0) return {2, 0xA0, 0xBF};
  if (lead == 0xED) return {2, 0x80, 0x9F};
  if (lead >= 0xE1 && lead <= 0xEF) return {2, 0x80, 0xBF};
  if (lead == 0xF0) return {3, 0x90, 0xBF};
  if (lead >= 0xF1 && lead <= 0xF3) return {3, 0x80, 0xBF};
  if (lead == 0xF4) return {3, 0x80, 0x8F};
  return {0, 0, 0};
}

Sequence read_sequence(std::string_view bytes) noexcept {
  const auto lead = static_cast<std::uint8_t>(bytes[0]);
  if (lead < 0x80) return {1, true};
  const Continuation continuation = find_continuation(lead);
  std::uint8_t min = continuation.first_min;
  std::uint8_t max = continuation.first_max;
  for (std::size_t i = 1; i <= continuation.count; ++i) {
    if (i == bytes.size()) return {i, false};
    const auto byte = static_cast<std::uint8_t>(bytes[i]);
    if (byte < min || byte > max) return {i, false};
    min = 0x80;
    max = 0xBF;
  }
  return {continuation.count + 1, continuation.count > 0};
}

/// How many bytes at the beginning are well-formed UTF-8.
std::size_t measure_valid_utf8(std::string_view bytes) noexcept {
  std::size_t at = 0;
  while (at < bytes.size()) {
    if (bytes.size() - at >= SwarWord::kSize && !SwarWord{bytes.data() + at}.mark_non_ascii()) {
      at += SwarWord::kSize;
      continue;
    }
    const Sequence sequence = read_sequence(bytes.substr(at));
    if (!sequence.is_valid) break;
    at += sequence.length;
  }
  return at;
}

constexpr bool is_json_special(char c) noexcept {
  return static_cast<std::uint8_t>(c) < 0x20 || c == '"' || c == '\\';
}

void append_json_escape(std::string& out, char c) {
  constexpr std::string_view kWithShortForm = "\"\\\b\f\n\r\t";
  constexpr std::string_view kShortForms = "\"\\bfnrt";
  out.push_back('\\');
  if (const auto i = kWithShortForm.find(c); i != std::string_view::npos) {
    out.push_back(kShortForms[i]);
    return;
  }
  out.append("u00");
  out.push_back(kHexDigits[static_cast<std::uint8_t>(c) >> 4]);
  out.push_back(kHexDigits[static_cast<std::uint8_t>(c) & 0xF]);
}

}  // namespace

bool is_valid_utf8(std::string_view bytes) noexcept {
  return measure_valid_utf8(bytes) == bytes.size();
}

void append_as_valid_utf8(std::string& out, std::string_view bytes) {
  for (;;) {
    const std::size_t valid = measure_valid_utf8(bytes);
    out.append(bytes.substr(0, valid));
    bytes.remove_prefix(valid);
    if (bytes.empty()) return;
    out.append(kReplacementCharacter);
    bytes.remove_prefix(read_sequence(bytes).length);
  }
}

std::string_view as_valid_utf8(std::string_view bytes, std::string& storage) {
  if (is_valid_utf8(bytes)) return bytes;
  storage.clear();
  append_as_valid_utf8(storage, bytes);
  return storage;
}

void append_utf8(std::string& out, std::uint32_t code_point) {
  const auto append = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code_point < 0x80) {
    append(code_point);
  } else if (code_point < 0x800) {
    append(0xC0 | code_point >> 6);
    append(0x80 | (code_point & 0x3F));
  } else if (code_point < 0x10000) {
    append(0xE0 | code_point >> 12);
    append(0x80 | (code_point >> 6 & 0x3F));
    append(0x80 | (code_point & 0x3F));
  } else {
    append(0xF0 | code_point >> 18);
    append(0x80 | (code_point >> 12 & 0x3F));
    append(0x80 | (code_point >> 6 & 0x3F));
    append(0x80 | (code_point & 0x3F));
  }
}

void append_base64(std::string& out, std::string_view bytes) {
  std::size_t at = out.size();
  out.resize(at + (bytes.size() + 2) / 3 * 4, '=');
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::string_view group = bytes.substr(i, 3);
    std::uint32_t bits = 0;
    for (std::size_t byte = 0; byte < 3; ++byte) {
      bits = bits << 8 | (byte < group.size() ? static_cast<std::uint8_t>(group[byte]) : 0U);
    }
    for (std::size_t digit = 0; digit <= group.size(); ++digit) {
      out[at + digit] = kBase64Digits[bits >> (18 - 6 * digit) & 0x3F];
    }
    at += 4;
  }
}

std::size_t find_json_special(std::string_view text, std::size_t begin) noexcept {
  std::size_t at = begin;
  for (; text.size() - at >= SwarWord::kSize; at += SwarWord::kSize) {
    const SwarWord bytes{text.data() + at};
    const std::uint64_t marks = bytes.mark_below(0x20) | bytes.mark('"') | bytes.mark('\\');
    if (marks != 0) return at + SwarWord::find_first(marks);
  }
  while (at < text.size() && !is_json_special(text[at])) ++at;
  return at;
}

void append_json_string(std::string& out, std::string_view text) {
  out.push_back('"');
  append_json_string_part(out, text);
  out.push_back('"');
}

void append_json_string_part(std::string& out, std::string_view text) {
  for (std::size_t at = 0;;) {
    const std::size_t special = find_json_special(text, at);
    out.append(text.substr(at, special - at));
    if (special == text.size()) break;
    append_json_escape(out, text[special]);
    at = special + 1;
  }
}

}  // namespace mqtt_logger
