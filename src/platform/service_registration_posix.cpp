#include "mqtt_logger/base/error.hpp"
#include "mqtt_logger/platform/service_registration.hpp"

namespace mqtt_logger {

std::string install_service(const std::vector<std::string>& /*arguments*/) {
  throw StartupError{
      ExitCode::usage,
      "--install-service: is for Windows; here scripts/install-service or the Debian package installs a "
      "systemd service"};
}

std::string uninstall_service() {
  throw StartupError{
      ExitCode::usage,
      "--uninstall-service: is for Windows; here the head of scripts/install-service says how to remove "
      "the systemd service"};
}

}  // namespace mqtt_logger
