#pragma once

#include <string_view>

namespace mqtt_logger {

/// Whether `text` (valid UTF-8) is one JSON text (RFC 8259) that ordinary readers can take: at most 64 levels
/// deep, every integer within 64 bits, every number finite in a double and at most 64 characters long, no
/// unpaired surrogate escapes, no byte order mark. Needs no memory, and time in proportion to the length.
[[nodiscard]] bool is_portable_json(std::string_view text) noexcept;

}  // namespace mqtt_logger
