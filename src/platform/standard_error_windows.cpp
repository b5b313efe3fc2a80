#include "mqtt_logger/platform/standard_error.hpp"

#include <io.h>
#include <stdio.h>

namespace mqtt_logger {

bool is_standard_error_terminal() noexcept {
  return _isatty(_fileno(stderr)) != 0;
}

}  // namespace mqtt_logger
