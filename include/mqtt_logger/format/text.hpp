#pragma once

#include <string>
#include <string_view>

namespace mqtt_logger {

/// Whether `bytes` are well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF).
[[nodiscard]] bool is_valid_utf8(std::string_view bytes) noexcept;

/// Appends `bytes` with U+FFFD in place of each maximal wrong sequence (Unicode, section 3.9).
void append_as_valid_utf8(std::string& out, std::string_view bytes);

/// Appends `bytes` in Base64 (RFC 4648, section 4, with padding).
void append_base64(std::string& out, std::string_view bytes);

/// Appends a JSON string with its quotes (RFC 8259, section 7); `text` must be valid UTF-8.
void append_json_string(std::string& out, std::string_view text);

}  // namespace mqtt_logger
