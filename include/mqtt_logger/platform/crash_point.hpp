#pragma once

#include <string_view>

namespace mqtt_logger {

/// A named step of the protocol at which a test can end the process as SIGKILL would. Does nothing in the program;
/// the crash tests link the same objects with tests/support/crash_point.cpp in its place. Where no tests are built
/// there is no call either.
///
/// In the crash tests the environment variable LOGGER_CRASH_POINT says where: "name" at the first pass, "name:N" at the
/// N-th, "name:1/N" at a random one of the first N (LOGGER_CRASH_SEED makes that repeatable). The test finds
/// the names in the sources, so a new one is tested without further ado. LOGGER_CRASH_FILE is for systems
/// where a process cannot end itself at once: that file is made, the thread stands still, and the test kills.
#if defined(MQTT_LOGGER_CRASH_POINTS)
void crash_point(std::string_view name) noexcept;
#else
inline void crash_point(std::string_view) noexcept {}
#endif

}  // namespace mqtt_logger
