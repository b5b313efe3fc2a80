#include "mqtt_logger/platform/file_access.hpp"

#include <sys/stat.h>

namespace mqtt_logger {

bool is_readable_by_others(const std::filesystem::path& path) noexcept {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && (status.st_mode & S_IROTH) != 0;
}

}  // namespace mqtt_logger
