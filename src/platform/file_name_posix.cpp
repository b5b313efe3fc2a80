#include "mqtt_logger/platform/file_name.hpp"

namespace mqtt_logger {

std::optional<std::string> find_name_fault(const std::filesystem::path& /*path*/) {
  return std::nullopt;
}

}  // namespace mqtt_logger
