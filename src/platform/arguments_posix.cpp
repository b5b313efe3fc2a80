#include "mqtt_logger/platform/arguments.hpp"

namespace mqtt_logger {

std::vector<std::string> list_arguments(int argc, char** argv) {
  return {argv + (argc > 0 ? 1 : 0), argv + argc};
}

void prepare_standard_streams() noexcept {}

}  // namespace mqtt_logger
