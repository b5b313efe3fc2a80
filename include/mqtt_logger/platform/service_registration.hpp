#pragma once

#include <string>
#include <vector>

namespace mqtt_logger {

/// Makes this program a service of Windows that begins with the system, with these options (UTF-8) and in the
/// present working directory. Returns what to tell the user. Throws StartupError: there is one already, no
/// right to do it, a system that has its own way to install services.
[[nodiscard]] std::string install_service(const std::vector<std::string>& arguments);

/// Stops that service and removes it; none there is what was asked for. The rest as above.
[[nodiscard]] std::string uninstall_service();

}  // namespace mqtt_logger
