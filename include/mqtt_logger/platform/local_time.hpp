#pragma once

#include <chrono>

namespace mqtt_logger {

/// What the machine's local time is ahead of UTC at an instant, by its time zone's rules at that instant.
[[nodiscard]] std::chrono::seconds utc_offset(std::chrono::sys_seconds time) noexcept;

}  // namespace mqtt_logger
