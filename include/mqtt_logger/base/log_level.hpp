#pragma once

#include "mqtt_logger/base/message.hpp"

#include <cstdint>
#include <string>

namespace mqtt_logger {

enum class LogLevel : std::uint8_t { error, warning, info, debug };

/// Something that was said in the log.
struct LoggedLine {
  ReceiveTime time;
  std::string text;

  bool operator==(const LoggedLine&) const = default;
};

}  // namespace mqtt_logger
