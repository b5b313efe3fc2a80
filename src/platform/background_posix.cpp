#include "mqtt_logger/base/error.hpp"
#include "mqtt_logger/platform/background.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <system_error>

namespace mqtt_logger {
namespace {

constexpr int kSignalled = 128;  // how shells count the end by a signal

[[noreturn]] void throw_background_error(const std::string& what) {
  throw StartupError{ExitCode::output_unusable,
                     "--background: " + what + ": " + std::generic_category().message(errno)};
}

void write_all(int descriptor, std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

class PipeToCommand final : public Background {
 public:
  explicit PipeToCommand(int pipe) noexcept : pipe_{pipe} {}
  ~PipeToCommand() override {
    if (pipe_ >= 0) ::close(pipe_);
  }
  PipeToCommand(const PipeToCommand&) = delete;
  PipeToCommand& operator=(const PipeToCommand&) = delete;

  bool has_system_log() const noexcept override { return ::access("/dev/log", W_OK) == 0; }

  void report(int exit_code, std::string_view line) noexcept override {
    if (pipe_ < 0) return;
    const char code = static_cast<char>(exit_code);
    write_all(pipe_, {&code, 1});
    write_all(pipe_, line);
    ::close(pipe_);
    pipe_ = -1;
  }

 private:
  int pipe_;
};

int wait_for_end(pid_t logger) noexcept {
  int status = 0;
  while (::waitpid(logger, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

/// The command: waits for the word of the logger, or for its end.
[[noreturn]] void wait_for_report(int pipe, pid_t logger) {
  std::string report;
  std::array<char, 512> bytes{};
  for (;;) {
    const ssize_t got = ::read(pipe, bytes.data(), bytes.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    report.append(bytes.data(), static_cast<std::size_t>(got));
  }
  if (!report.empty()) {
    const int exit_code = static_cast<unsigned char>(report[0]);
    const std::string line = report.substr(1) + '\n';
    if (line.size() > 1) write_all(STDERR_FILENO, line);
    if (exit_code > static_cast<int>(ExitCode::something_pending)) static_cast<void>(wait_for_end(logger));
    ::_exit(exit_code);
  }
  const int status = wait_for_end(logger);
  constexpr int kNotConnected = static_cast<int>(ExitCode::something_pending);
  write_all(STDERR_FILENO, "mqtt-logger: the logger has ended before it was connected; see its log\n");
  if (WIFSIGNALED(status)) ::_exit(kSignalled + WTERMSIG(status));
  ::_exit(WEXITSTATUS(status) == 0 ? kNotConnected : WEXITSTATUS(status));  // 0: stopped on request
}

void leave_terminal() {
  ::setsid();
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0) throw_background_error("cannot open /dev/null");
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (null != stream) ::dup2(null, stream);
  }
  if (null > STDERR_FILENO) ::close(null);
}

}  // namespace

std::unique_ptr<Background> go_to_background() {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) throw_background_error("cannot make a pipe");
  // Above the standard streams, which may have been closed and are about to be replaced.
  for (int& end : ends) {
    const int moved = ::fcntl(end, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (moved < 0) throw_background_error("cannot make a pipe");
    ::close(end);
    end = moved;
  }
  const pid_t logger = ::fork();
  if (logger < 0) throw_background_error("cannot start a process");
  if (logger > 0) {
    ::close(ends[1]);
    wait_for_report(ends[0], logger);
  }
  ::close(ends[0]);
  auto background = std::make_unique<PipeToCommand>(ends[1]);
  leave_terminal();
  return background;
}

}  // namespace mqtt_logger
