#pragma once

namespace mqtt_logger {

/// Whether somebody looks at standard error: it is a terminal, not a file or a pipe.
[[nodiscard]] bool is_standard_error_terminal() noexcept;

}  // namespace mqtt_logger
