#pragma once

#include <string>
#include <vector>

namespace mqtt_logger {

struct EnvironmentVariable {
  std::string name;   ///< in capital letters on Windows, where case makes no difference
  std::string value;  ///< UTF-8 on Windows, the bytes as they are elsewhere
};

/// Every variable of this process's environment. Call before the first thread starts.
[[nodiscard]] std::vector<EnvironmentVariable> list_environment();

/// Takes a variable out of this process's environment. Call before the first thread starts.
void remove_variable(const char* name) noexcept;

}  // namespace mqtt_logger
