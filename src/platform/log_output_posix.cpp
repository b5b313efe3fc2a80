#include "mqtt_logger/platform/log_output.hpp"

#include "error_posix.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdio>

namespace mqtt_logger {
namespace {

int former_standard_error = -1;  // set before the first thread starts
constinit std::atomic<int> unwritten_lines{0};

constexpr timespec kTryAgainAfter{0, 250'000'000};

// What is neither a terminal that is gone nor a pipe that nobody will read any more: a disk may have room
// again.
bool is_regular_file(int descriptor) noexcept {
  struct stat status {};
  return ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
}

}  // namespace

std::error_code redirect_standard_error(const std::filesystem::path& path) noexcept {
  // A pipe that nobody reads would be waited for.
  const int file =
      ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_CLOEXEC | O_NOCTTY, 0644);
  if (file < 0) return last_error();
  struct stat status {};
  std::error_code error = ::fstat(file, &status) == 0 ? std::error_code{} : last_error();
  if (!error && !S_ISREG(status.st_mode)) error = std::make_error_code(std::errc::not_supported);
  if (error) {
    ::close(file);
    return error;
  }
  if (former_standard_error < 0)
    former_standard_error = ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  ::dup2(file, STDERR_FILENO);  // in one step, so that no line is lost
  if (file != STDERR_FILENO) ::close(file);
  return {};
}

bool is_standard_error_deleted() noexcept {
  struct stat status {};
  return ::fstat(STDERR_FILENO, &status) == 0 && S_ISREG(status.st_mode) && status.st_nlink == 0;
}

// Not by the C library, whose lock on standard error would be held while nobody reads, also when the process
// ends.
void write_to_standard_error(std::string_view line, LogTimeout timeout) noexcept {
  const int descriptor = ::fileno(stderr);
  while (!line.empty()) {
    const ssize_t written = ::write(descriptor, line.data(), line.size());
    if (written < 0 && errno == EAGAIN) {  // another program has made our terminal one that does not wait
      pollfd output{descriptor, POLLOUT, 0};
      ::poll(&output, 1, -1);
      continue;
    }
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      if (timeout == LogTimeout::reader || !is_regular_file(descriptor)) return;
      ::nanosleep(&kTryAgainAfter, nullptr);
      continue;
    }
    line.remove_prefix(static_cast<std::size_t>(written));
  }
}

void write_to_former_standard_error(std::string_view line) noexcept {
  constexpr int kTimeoutMilliseconds = 1000;
  pollfd output{former_standard_error, POLLOUT, 0};
  if (former_standard_error < 0 || ::poll(&output, 1, kTimeoutMilliseconds) != 1) return;
  [[maybe_unused]] const auto written = ::write(former_standard_error, line.data(), line.size());
}

void note_unwritten_log_lines(int change) noexcept {
  unwritten_lines.fetch_add(change, std::memory_order_relaxed);
}

void wait_for_unwritten_log_lines() noexcept {
  constexpr timespec kMillisecond{0, 1'000'000};
  for (int i = 0; i < 100 && unwritten_lines.load(std::memory_order_relaxed) > 0; ++i)
    ::nanosleep(&kMillisecond, nullptr);
}

void write_to_system_log(LogLevel level, const std::string& line) noexcept {
  constexpr std::array<int, 4> kPriorities{LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG};
  static const bool is_open = (::openlog("mqtt-logger", LOG_PID, LOG_DAEMON), true);
  if (is_open) ::syslog(kPriorities[static_cast<std::size_t>(level)], "%s", line.c_str());
}

}  // namespace mqtt_logger
