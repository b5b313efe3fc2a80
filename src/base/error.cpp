#include "mqtt_logger/base/error.hpp"

#include <fmt/core.h>

namespace mqtt_logger {

void refuse(const std::string& what) {
  throw StartupError{ExitCode::usage, what};
}

void refuse(std::string_view option, const std::filesystem::path& file, std::string_view fault) {
  refuse(fmt::format("{} {}: {}", option, file.string(), fault));
}

}  // namespace mqtt_logger
