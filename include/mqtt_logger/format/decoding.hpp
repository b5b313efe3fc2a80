#pragma once

#include <string>
#include <string_view>

namespace mqtt_logger {

// What the encoders write, read back. On false `out` holds something useless behind its old end.

/// Appends the bytes that `text` stands for in Base64 (RFC 4648, section 4, with padding, nothing between).
[[nodiscard]] bool append_decoded_base64(std::string& out, std::string_view text);

/// Appends the text of a JSON string, which is given with its quotes (RFC 8259, section 7).
[[nodiscard]] bool append_decoded_json_string(std::string& out, std::string_view literal);

}  // namespace mqtt_logger
