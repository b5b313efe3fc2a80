#include "mqtt_logger/platform/crash_point.hpp"

#if defined(MQTT_LOGGER_CRASH_POINTS)

namespace mqtt_logger {

// Alone in its object: a program that brings its own function of this name does not get it from here.
void crash_point(std::string_view) noexcept {}

}  // namespace mqtt_logger

#endif
