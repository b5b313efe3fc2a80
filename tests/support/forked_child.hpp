#pragma once

#include "support/catch.hpp"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <functional>
#include <string>
#include <thread>

/// For tests of what belongs to a whole process (signals, terminal, descriptors): they run in a child.
namespace mqtt_logger::test {

inline constexpr int kFalse = 99;

/// Forks a child that runs `body` and exits with 0 or kFalse, as `body` returns.
inline pid_t start_child(const std::function<bool()>& body) {
  const pid_t child = fork();
  REQUIRE(child != -1);
  if (child == 0) {
    // Catch has its own handlers, and a shell may ignore some.
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGCONT, SIGPIPE, SIGSEGV, SIGABRT, SIGBUS,
                             SIGFPE, SIGILL, SIGQUIT}) {
      signal(number, SIG_DFL);
    }
    const rlimit no_core_file{0, 0};
    setrlimit(RLIMIT_CORE, &no_core_file);
    _exit(body() ? 0 : kFalse);
  }
  return child;
}

/// How a child ended: its exit code, or minus the signal that killed it; SIGKILL if it hangs.
inline int wait_for_child(pid_t child) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  int status = 0;
  pid_t ended = 0;
  while ((ended = waitpid(child, &status, WNOHANG)) == 0) {
    if (std::chrono::steady_clock::now() > deadline) kill(child, SIGKILL);
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  REQUIRE(ended == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

inline int run_in_child(const std::function<bool()>& body) {
  return wait_for_child(start_child(body));
}

struct Pipe {
  Pipe() { REQUIRE(pipe(ends.data()) == 0); }
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  void close_end(std::size_t end) {
    if (ends[end] != -1) close(ends[end]);
    ends[end] = -1;
  }

  /// Until its end.
  std::string read_all() const {
    std::string all;
    std::array<char, 1000> bytes{};
    for (ssize_t count; (count = read(ends[0], bytes.data(), bytes.size())) > 0;) {
      all.append(bytes.data(), static_cast<std::size_t>(count));
    }
    return all;
  }

  std::array<int, 2> ends{};
};

/// A pseudo-terminal that becomes the standard input and the controlling terminal of children.
struct PseudoTerminal {
  PseudoTerminal() {
    REQUIRE(keyboard != -1);
    REQUIRE(grantpt(keyboard) == 0);
    REQUIRE(unlockpt(keyboard) == 0);
    device = open(ptsname(keyboard), O_RDWR | O_NOCTTY);
    REQUIRE(device != -1);
    REQUIRE(is_by_line());
  }
  ~PseudoTerminal() {
    close(keyboard);
    close(device);
  }
  PseudoTerminal(const PseudoTerminal&) = delete;
  PseudoTerminal& operator=(const PseudoTerminal&) = delete;

  /// In the child: a session of its own with this terminal, and in its foreground.
  void enter() const {
    setsid();
    ioctl(device, TIOCSCTTY, 0);
    dup2(device, STDIN_FILENO);
  }

  [[nodiscard]] bool type(const std::string& keys) const {
    return write(keyboard, keys.data(), keys.size()) == static_cast<ssize_t>(keys.size());
  }

  [[nodiscard]] termios mode() const {
    termios mode{};
    tcgetattr(device, &mode);
    return mode;
  }

  [[nodiscard]] bool is_by_line() const { return (mode().c_lflag & (ICANON | ECHO)) == (ICANON | ECHO); }
  [[nodiscard]] bool is_raw_mode() const { return (mode().c_lflag & (ICANON | ECHO)) == 0; }

  int keyboard = posix_openpt(O_RDWR | O_NOCTTY);
  int device = -1;
};

}  // namespace mqtt_logger::test
