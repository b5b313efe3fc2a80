#include "mqtt_logger/platform/log_output.hpp"

#include <fcntl.h>
#include <syslog.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

namespace mqtt_logger {
namespace {

int former_standard_error = -1;  // set before the first thread starts

}  // namespace

std::error_code redirect_standard_error(const std::filesystem::path& path) noexcept {
  const int file = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0644);
  if (file < 0) return {errno, std::system_category()};
  if (former_standard_error < 0)
    former_standard_error = ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  ::dup2(file, STDERR_FILENO);  // in one step, so that no line is lost
  if (file != STDERR_FILENO) ::close(file);
  return {};
}

// Standard error has no buffer of its own, so the whole line goes out at once.
void write_to_standard_error(std::string_view line) noexcept {
  std::fwrite(line.data(), 1, line.size(), stderr);
}

void write_to_former_standard_error(std::string_view line) noexcept {
  if (former_standard_error >= 0) [[maybe_unused]]
    const auto written = ::write(former_standard_error, line.data(), line.size());
}

void write_to_system_log(LogLevel level, const std::string& line) noexcept {
  constexpr std::array<int, 4> kPriorities{LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG};
  static const bool is_open = (::openlog("mqtt-logger", LOG_PID, LOG_DAEMON), true);
  if (is_open) ::syslog(kPriorities[static_cast<std::size_t>(level)], "%s", line.c_str());
}

}  // namespace mqtt_logger
