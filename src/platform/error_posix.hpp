#pragma once

#include <cerrno>
#include <system_error>

namespace mqtt_logger {

/// Why the last system call of this thread failed.
[[nodiscard]] inline std::error_code last_error() noexcept {
  return {errno, std::system_category()};
}

}  // namespace mqtt_logger
