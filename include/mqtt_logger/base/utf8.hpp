#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace mqtt_logger {

/// Whether `bytes` are well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF).
[[nodiscard]] bool is_valid_utf8(std::string_view bytes) noexcept;

/// Appends `bytes` with U+FFFD in place of each maximal wrong sequence (Unicode, section 3.9).
void append_as_valid_utf8(std::string& out, std::string_view bytes);

/// `bytes` themselves if they are well-formed UTF-8, else their repaired copy, kept in `storage`.
[[nodiscard]] std::string_view as_valid_utf8(std::string_view bytes, std::string& storage);

/// Appends a code point in UTF-8 (RFC 3629, section 3); it must be one that has such a form.
void append_utf8(std::string& out, std::uint32_t code_point);

/// Appends `bytes` in Base64 (RFC 4648, section 4, with padding).
void append_base64(std::string& out, std::string_view bytes);

/// Where, from `begin` on, the first byte stands that a JSON string cannot hold as it is: a quotation mark, a
/// backslash or a control character (RFC 8259, section 7). The size of `text` if there is none.
[[nodiscard]] std::size_t find_json_special(std::string_view text, std::size_t begin) noexcept;

/// Appends a JSON string with its quotes (RFC 8259, section 7); `text` must be valid UTF-8.
void append_json_string(std::string& out, std::string_view text);
/// The same without its quotes; `text` may be a part of valid UTF-8, cut anywhere.
void append_json_string_part(std::string& out, std::string_view text);

}  // namespace mqtt_logger
