#include "mqtt_logger/log/try_again.hpp"

#include <fmt/core.h>

namespace mqtt_logger {

std::string describe_write_error(const std::error_code& error, std::string_view instead) {
  if (error != std::errc::file_too_large) return error.message();
  return fmt::format(
      "{}: its file system (FAT: 4 GiB) or a limit of this process (ulimit -f, LimitFSIZE of systemd) allows "
      "no larger one; {}",
      error.message(), instead);
}

}  // namespace mqtt_logger
