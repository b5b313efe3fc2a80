#pragma once

#include <string_view>

namespace mqtt_logger {

/// A named step of the protocol at which a test can end the process as SIGKILL would. Does nothing, and costs
/// nothing, but in the program that the crash tests build for themselves.
///
/// There the environment variable LOGGER_CRASH_POINT says where: "name" at the first pass, "name:N" at the
/// N-th, "name:1/N" at a random one of the first N (LOGGER_CRASH_SEED makes that repeatable). The test finds
/// the names in the sources, so a new one is tested without further ado. LOGGER_CRASH_FILE is for systems
/// where a process cannot end itself at once: that file is made, the thread stands still, and the test kills.
#if defined(MQTT_LOGGER_CRASH_POINTS)
void crash_point(std::string_view name) noexcept;
#else
inline void crash_point(std::string_view) noexcept {}
#endif

}  // namespace mqtt_logger
