#include "mqtt_logger/platform/standard_error.hpp"

#include <unistd.h>

namespace mqtt_logger {

bool is_standard_error_terminal() noexcept {
  return isatty(STDERR_FILENO) == 1;
}

}  // namespace mqtt_logger
