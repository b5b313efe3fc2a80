#include "mqtt_logger/platform/arguments.hpp"

#include <signal.h>

namespace mqtt_logger {

std::vector<std::string> list_arguments(int argc, char** argv) {
  return {argv + (argc > 0 ? 1 : 0), argv + argc};
}

void prepare_standard_streams() noexcept {
  ::signal(SIGXFSZ, SIG_IGN);
}

}  // namespace mqtt_logger
