#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mqtt_logger::test {

/// The bytes behind Base64 (RFC 4648, section 4, with padding); nothing if it is not exactly what an encoder
/// writes.
inline std::optional<std::string> decode_base64(std::string_view text) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  if (text.size() % 4 != 0) return std::nullopt;
  for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) text.remove_suffix(1);
  std::string bytes;
  std::uint32_t bits = 0;
  unsigned bit_count = 0;
  for (const char c : text) {
    const auto digit = kDigits.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    bit_count += 6;
    if (bit_count < 8) continue;
    bit_count -= 8;
    bytes.push_back(static_cast<char>(bits >> bit_count & 0xFF));
    bits &= (1U << bit_count) - 1;
  }
  if (bits != 0 || bit_count >= 6) return std::nullopt;
  return bytes;
}

}  // namespace mqtt_logger::test
