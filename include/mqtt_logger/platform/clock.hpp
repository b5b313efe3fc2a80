#pragma once

#include "mqtt_logger/base/message.hpp"

#include <chrono>

namespace mqtt_logger {

/// What the machine knows of the time at one moment.
struct ClockReading {
  ReceiveTime wall;
  std::chrono::microseconds since_start;  ///< of the machine, asleep or awake; nobody sets it
  bool is_synchronised =
      false;  ///< with another clock, by the system's own account; false if that is unknown
};

[[nodiscard]] ClockReading read_clock() noexcept;

}  // namespace mqtt_logger
