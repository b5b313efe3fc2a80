#include "mqtt_logger/platform/environment.hpp"

#include <unistd.h>

#include <cstdlib>
#include <string_view>

extern "C" char**
    environ;  // NOLINT(readability-redundant-declaration): glibc declares it only as an extension

namespace mqtt_logger {

std::vector<EnvironmentVariable> list_environment() {
  std::vector<EnvironmentVariable> variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text{*entry};
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    variables.push_back({std::string{text.substr(0, equals)}, std::string{text.substr(equals + 1)}});
  }
  return variables;
}

void remove_variable(const char* name) noexcept {
  ::unsetenv(name);
}

}  // namespace mqtt_logger
