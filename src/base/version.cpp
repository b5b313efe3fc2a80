#include "mqtt_logger/base/version.hpp"

#ifndef MQTT_LOGGER_VERSION
#define MQTT_LOGGER_VERSION "0.0.0-development"
#endif

namespace mqtt_logger {

const char* program_version() noexcept {
  return MQTT_LOGGER_VERSION;
}

}  // namespace mqtt_logger
