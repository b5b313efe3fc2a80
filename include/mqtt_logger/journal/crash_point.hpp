#pragma once

#include <string_view>

namespace mqtt_logger {

/// A named step of the protocol at which a test can end the process as SIGKILL would. Does nothing, and costs
/// nothing, but in the program that the crash tests build for themselves.
#if defined(MQTT_LOGGER_CRASH_POINTS)
void crash_point(std::string_view name) noexcept;
#else
inline void crash_point(std::string_view) noexcept {}
#endif

}  // namespace mqtt_logger
