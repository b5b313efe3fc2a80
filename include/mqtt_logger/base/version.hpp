#pragma once

namespace mqtt_logger {

/// The program's own, as in "0.1.0".
[[nodiscard]] const char* program_version() noexcept;

}  // namespace mqtt_logger
