#include "mqtt_logger/platform/local_time.hpp"

#include <time.h>

namespace mqtt_logger {

std::chrono::seconds utc_offset(std::chrono::sys_seconds time) noexcept {
  const auto seconds = static_cast<__time64_t>(time.time_since_epoch().count());
  struct tm local {};
  if (_localtime64_s(&local, &seconds) != 0) return std::chrono::seconds{0};
  return std::chrono::seconds{_mkgmtime64(&local) - seconds};
}

}  // namespace mqtt_logger
