#include "mqtt_logger/base/error.hpp"
#include "mqtt_logger/platform/log_output.hpp"
#include "mqtt_logger/platform/stop_events.hpp"

#include "keyboard_posix.hpp"
#include "terminal_posix.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <limits>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace mqtt_logger {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr milliseconds kCheckAgainAfter{1000};  // for `fg`, which sends no signal to a job that was running

/// What signal handlers share with the threads: static, because a handler is given nothing but its signal.
/// The flags carry the meaning; the pipe only ends a poll(), so it does not matter when it is full.
struct Signalled {
  std::atomic<const char*> stop_reason{nullptr};
  std::atomic<bool> is_woken{false};
  std::atomic<bool> is_reopen_wanted{false};
  std::atomic<bool> has_terminal{false};  // a controlling one, from the start
  std::atomic<bool> is_continued{false};
  std::atomic<int> pipe{-1};  // its writing end
};
constinit Signalled signalled;
static_assert(std::atomic<const char*>::is_always_lock_free && std::atomic<bool>::is_always_lock_free &&
              std::atomic<int>::is_always_lock_free);

void end_poll() noexcept {
  const char byte = 0;
  [[maybe_unused]] const auto written = write(signalled.pipe, &byte, 1);
}

/// The first reason stays. Returns false if there was one already.
bool request_stop(const char* reason) noexcept {
  const char* none = nullptr;
  return signalled.stop_reason.compare_exchange_strong(none, reason);
}

/// A handler interrupts code that may be about to look at errno.
class ErrnoGuard {
 public:
  ErrnoGuard() noexcept = default;
  ~ErrnoGuard() { errno = errno_; }
  ErrnoGuard(const ErrnoGuard&) = delete;
  ErrnoGuard& operator=(const ErrnoGuard&) = delete;

 private:
  int errno_ = errno;
};

void say_without_waiting(std::string_view line) noexcept {
  pollfd standard_error{STDERR_FILENO, POLLOUT, 0};  // a reader that hangs must not keep us from leaving
  if (poll(&standard_error, 1, 0) != 1) return;
  [[maybe_unused]] const auto written = write(STDERR_FILENO, line.data(), line.size());
}

void on_stop(int signal) noexcept {
  const ErrnoGuard errno_guard;
  const char* const reason = signal == SIGINT ? "SIGINT" : signal == SIGTERM ? "SIGTERM" : "SIGHUP";
  if (!request_stop(reason) && signal == SIGINT) {
    terminal::give_back();
    say_without_waiting("Ended at once by Ctrl-C, without waiting for what is not written yet\n");
    _exit(static_cast<int>(ExitCode::something_pending));
  }
  end_poll();
}

bool can_open_terminal() noexcept {
  const int terminal = open("/dev/tty", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (terminal >= 0) close(terminal);
  return terminal >= 0;
}

// Sent by the system when the terminal goes, and by anybody to a program that runs without.
void on_hang_up(int signal) noexcept {
  const ErrnoGuard errno_guard;
  if (signalled.has_terminal && !can_open_terminal()) {
    on_stop(signal);
    return;
  }
  signalled.is_reopen_wanted = true;
  end_poll();
}

void on_continued(int /*signal*/) noexcept {
  const ErrnoGuard errno_guard;
  signalled.is_continued = true;
  end_poll();
}

void on_suspend(int signal) noexcept {
  const ErrnoGuard errno_guard;
  terminal::suspend();
  on_continued(signal);  // also where nothing stops us: in a session without a shell that could continue us
}

void on_fatal(int signal) noexcept {
  wait_for_unwritten_log_lines();
  terminal::give_back();
  ::signal(signal, SIG_DFL);
  raise(signal);  // held back until we return, because handlers run with all signals blocked
}

/// The process's reaction to signals, for as long as it lives.
///
/// What is already ignored stays so: SIGHUP below nohup, SIGINT in `&` of a shell without job control. A
/// fatal signal that somebody else handles (a sanitizer) is left to them.
class SignalHandlers {
 public:
  SignalHandlers() {
    // For good: a log line after our end must not kill the process either, nor stop it in the background.
    for (const int signal : {SIGPIPE, SIGTTIN, SIGTTOU}) set(signal, SIG_IGN);
    install(SIGTERM, on_stop);
    install_if_default(SIGINT, on_stop);
    install_if_default(SIGHUP, on_hang_up);
    install_if_default(SIGTSTP, on_suspend);
    install_if_default(SIGCONT, on_continued);
    for (const int signal : {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGQUIT}) {
      install_if_default(signal, on_fatal);
    }
  }

  ~SignalHandlers() {
    for (const auto& [signal, action] : before_) sigaction(signal, &action, nullptr);
  }
  SignalHandlers(const SignalHandlers&) = delete;
  SignalHandlers& operator=(const SignalHandlers&) = delete;

 private:
  using Handler = void (*)(int);

  static struct sigaction set(int signal, Handler handler) noexcept {
    struct sigaction action {};
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;  // for the other threads; poll() ends all the same
    sigfillset(&action.sa_mask);   // handlers do not interrupt each other
    struct sigaction before {};
    sigaction(signal, &action, &before);
    return before;
  }

  void install(int signal, Handler handler) { before_.emplace_back(signal, set(signal, handler)); }

  void install_if_default(int signal, Handler handler) {
    struct sigaction action {};
    if (sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_DFL) install(signal, handler);
  }

  std::vector<std::pair<int, struct sigaction>> before_;
};

[[noreturn]] void throw_startup_error(const std::string& what) {
  throw StartupError{ExitCode::output_unusable, what + ": " + std::generic_category().message(errno)};
}

void open_missing_standard_descriptors() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(descriptor, F_GETFD) != -1) continue;
    if (open("/dev/null", O_RDWR) != descriptor)
      throw_startup_error("cannot open /dev/null");  // the lowest is free
  }
}

/// The pipe by which handlers and threads end a poll() of the main thread.
class WakePipe {
 public:
  WakePipe() {
    if (pipe(ends_.data()) != 0) throw_startup_error("cannot make a pipe");
    for (const int end : ends_) {
      fcntl(end, F_SETFD, FD_CLOEXEC);
      fcntl(end, F_SETFL, O_NONBLOCK);
    }
    signalled.pipe = ends_[1];
  }
  ~WakePipe() {
    signalled.pipe = -1;
    for (const int end : ends_) close(end);
  }
  WakePipe(const WakePipe&) = delete;
  WakePipe& operator=(const WakePipe&) = delete;

  [[nodiscard]] int descriptor() const noexcept { return ends_[0]; }

  void drain() const noexcept {
    std::array<char, 256> bytes{};
    while (read(descriptor(), bytes.data(), bytes.size()) > 0) {
    }
  }

 private:
  std::array<int, 2> ends_{};
};

/// The time from now, or the latest one there is.
Clock::time_point find_deadline(milliseconds timeout) noexcept {
  const auto now = Clock::now();
  const auto longest = std::chrono::duration_cast<milliseconds>(Clock::time_point::max() - now);
  return now + std::clamp(timeout, milliseconds{0}, longest);
}

milliseconds find_time_left(Clock::time_point deadline) noexcept {
  return std::max(milliseconds{0}, std::chrono::ceil<milliseconds>(deadline - Clock::now()));
}

class PosixStopEvents final : public StopEvents {
 public:
  void wait(milliseconds timeout) override {
    const auto deadline = find_deadline(timeout);
    const bool had_keyboard = has_keyboard();
    do {
      poll_once(is_stop_requested() ? milliseconds{0} : find_time_left(deadline));
    } while (!is_stop_requested() && !signalled.is_woken.exchange(false) && !signalled.is_reopen_wanted &&
             has_keyboard() == had_keyboard && Clock::now() < deadline);
  }

  bool is_stop_requested() const noexcept override { return signalled.stop_reason != nullptr; }

  bool take_reopen_request() noexcept override { return signalled.is_reopen_wanted.exchange(false); }

  const char* stop_reason() const noexcept override {
    const char* const reason = signalled.stop_reason;
    return reason == nullptr ? "" : reason;
  }

  bool has_keyboard() const noexcept override { return keyboard_.has_terminal(); }

  void wake() noexcept override {
    if (!signalled.is_woken.exchange(true)) end_poll();
  }

 private:
  void poll_once(milliseconds timeout) noexcept {
    if (signalled.is_continued.exchange(false) || keyboard_.is_in_background()) keyboard_.check();
    if (keyboard_.is_in_background()) timeout = std::min(timeout, kCheckAgainAfter);
    timeout = std::min(timeout, milliseconds{std::numeric_limits<int>::max()});

    std::array<pollfd, 2> inputs{{{pipe_.descriptor(), POLLIN, 0}, {keyboard_.descriptor(), POLLIN, 0}}};
    if (poll(inputs.data(), inputs.size(), static_cast<int>(timeout.count())) <= 0)
      return;  // time-out, or a signal
    if (inputs[0].revents != 0) pipe_.drain();
    if (inputs[1].revents != 0 && keyboard_.read_quit(inputs[1].revents)) request_stop("q");
  }

  WakePipe pipe_;
  SignalHandlers handlers_;
  Keyboard keyboard_;
};

}  // namespace

std::unique_ptr<StopEvents> make_stop_events() {
  open_missing_standard_descriptors();
  signalled.stop_reason = nullptr;
  signalled.is_woken = false;
  signalled.is_reopen_wanted = false;
  signalled.has_terminal = can_open_terminal();
  return std::make_unique<PosixStopEvents>();
}

void exit_now(int exit_code) noexcept {
  terminal::give_back();
  _exit(exit_code);
}

}  // namespace mqtt_logger
