#include "mqtt_logger/platform/local_time.hpp"

#include <time.h>

namespace mqtt_logger {

std::chrono::seconds utc_offset(std::chrono::sys_seconds time) noexcept {
  const auto seconds = static_cast<time_t>(time.time_since_epoch().count());
  struct tm local {};
  if (::localtime_r(&seconds, &local) == nullptr) return std::chrono::seconds{0};
  return std::chrono::seconds{local.tm_gmtoff};
}

}  // namespace mqtt_logger
