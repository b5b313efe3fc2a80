#include "mqtt_logger/platform/clock.hpp"

#include <windows.h>

#include <cstdint>

namespace mqtt_logger {

// Windows does not tell a program whether its time service has set the clock.
ClockReading read_clock() noexcept {
  return {std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now()),
          std::chrono::milliseconds{static_cast<std::int64_t>(GetTickCount64())}, false};
}

}  // namespace mqtt_logger
