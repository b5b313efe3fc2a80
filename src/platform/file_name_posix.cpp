#include "mqtt_logger/platform/file_name.hpp"

#include <unistd.h>

#include <system_error>

namespace mqtt_logger {

std::optional<std::string> find_name_fault(const std::filesystem::path& /*path*/) {
  return std::nullopt;
}

std::size_t find_longest_name(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::path there = std::filesystem::absolute(folder, error);
  while (there.has_relative_path() && !std::filesystem::is_directory(there, error))
    there = there.parent_path();
  constexpr std::size_t kUsual = 255;  // where there is no answer
  const long limit = ::pathconf(there.c_str(), _PC_NAME_MAX);
  return limit > 0 ? static_cast<std::size_t>(limit) : kUsual;
}

}  // namespace mqtt_logger
