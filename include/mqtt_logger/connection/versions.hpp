#pragma once

#include <string>

namespace mqtt_logger {

/// One line for each library in use, with its version.
[[nodiscard]] std::string library_versions();

}  // namespace mqtt_logger
