#include "mqtt_logger/journal/crc32c.hpp"
#include "mqtt_logger/mqtt/subscriber.hpp"
#include "mqtt_logger/platform/process.hpp"

#include <fmt/core.h>

#include <filesystem>
#include <system_error>

namespace mqtt_logger {

std::string find_client_id(const Options& options) {
  if (!options.client_id.empty()) return options.client_id;
  std::error_code error;
  std::filesystem::path output =
      std::filesystem::weakly_canonical(std::filesystem::absolute(options.output, error), error);
  if (error) output = options.output;
  return fmt::format("mqtt-logger-{}-{:08x}", host_name(), crc32c(output.generic_string()));
}

}  // namespace mqtt_logger
