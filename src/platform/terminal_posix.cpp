#include "terminal_posix.hpp"

#include <pthread.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

#include <atomic>

namespace mqtt_logger::terminal {
namespace {

/// Guarded by Lock.
struct State {
  bool is_taken = false;
  termios as_found{};
};
constinit State state;
constinit std::atomic_flag is_locked;

/// A spin lock that signal handlers can take: its holder cannot be interrupted by one, so whoever waits for
/// it waits for another thread, and only for a few system calls.
class Lock {
 public:
  Lock() noexcept {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &mask_before_);
    while (is_locked.test_and_set(std::memory_order_acquire)) {  // pairs with clear() in the destructor
    }
  }
  ~Lock() {
    is_locked.clear(std::memory_order_release);  // pairs with test_and_set() in the constructor
    pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr);
  }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  sigset_t mask_before_{};
};

bool is_in_foreground() noexcept {
  return tcgetpgrp(STDIN_FILENO) == getpgrp();
}

bool is_raw_mode(const termios& mode) noexcept {
  return (mode.c_lflag & (ICANON | ECHO)) == 0;
}

void give_back(const Lock& /*held*/) noexcept {
  if (!state.is_taken || !is_in_foreground()) return;
  tcsetattr(STDIN_FILENO, TCSANOW, &state.as_found);
  state.is_taken = false;
}

}  // namespace

bool take() noexcept {
  const Lock lock;
  if (!is_in_foreground()) return false;
  termios mode{};
  if (tcgetattr(STDIN_FILENO, &mode) != 0) return false;
  // Stopped by SIGSTOP we could not give it back: what we then find may be our own mode, not the user's.
  if (state.is_taken && is_raw_mode(mode)) return true;
  state.as_found = mode;
  mode.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  // With 0, a shell would read end of file and go where SIGKILL keeps us from giving the terminal back.
  mode.c_cc[VMIN] = 1;
  mode.c_cc[VTIME] = 0;
  state.is_taken = tcsetattr(STDIN_FILENO, TCSANOW, &mode) == 0;
  return state.is_taken;
}

void give_back() noexcept {
  give_back(Lock{});
}

void suspend() noexcept {
  const Lock lock;  // held while we are stopped: the main thread cannot take the terminal in between
  give_back(lock);
  struct sigaction by_default {};
  by_default.sa_handler = SIG_DFL;
  struct sigaction by_handler {};
  sigaction(SIGTSTP, &by_default, &by_handler);
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTSTP);
  pthread_sigmask(SIG_UNBLOCK, &stop, nullptr);
  raise(SIGTSTP);
  pthread_sigmask(SIG_BLOCK, &stop, nullptr);
  sigaction(SIGTSTP, &by_handler, nullptr);
}

}  // namespace mqtt_logger::terminal
