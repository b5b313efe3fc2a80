#pragma once

#include <chrono>
#include <memory>

namespace mqtt_logger {

/// Everything that can end the program or wake its main thread, in one wait: signals, the `q` key, a wake-up.
///
/// Threads:  one instance in a process, made before any other thread starts; wait() by the main thread,
///           wake() and is_stop_requested() by any thread or callback.
/// Owns:     the process's reaction to signals, and the terminal's mode while it listens for the key.
///           The terminal is given back as it was found: at the end, when stopped (Ctrl-Z), when killed by
///           a signal that can be caught, when left by exit_now().
/// Errors:   make_stop_events() throws StartupError. A standard input that is closed, at its end, a pipe or
///           /dev/null is no error: it is just not listened to any more.
class StopEvents {
 public:
  virtual ~StopEvents() = default;

  /// Waits until a stop or a reopening was asked for, wake() was called, has_keyboard() changed, or `timeout`
  /// has passed. Handles Ctrl-Z, `fg` and the terminal on the way. Once a stop was asked for it returns at
  /// once, each time.
  virtual void wait(std::chrono::milliseconds timeout) = 0;

  /// Whether a stop was asked for: `q`, SIGINT, SIGTERM, or that our terminal was closed. A second SIGINT
  /// after that ends the process at once with ExitCode::something_pending, whatever the main thread is doing:
  /// the journal keeps what is not written.
  [[nodiscard]] virtual bool is_stop_requested() const noexcept = 0;

  /// Whether since the last call somebody asked for files to be closed and opened again: SIGHUP while our
  /// terminal, if we have one, is there. Never on Windows.
  [[nodiscard]] virtual bool take_reopen_request() noexcept = 0;

  /// What asked for the stop, for the log: "q", "SIGTERM" …; empty before.
  [[nodiscard]] virtual const char* stop_reason() const noexcept = 0;

  /// Whether a key press can be heard now: standard input is a terminal and we are in its foreground.
  [[nodiscard]] virtual bool has_keyboard() const noexcept = 0;

  /// Ends a wait(), now or the next one. Safe in a callback.
  virtual void wake() noexcept = 0;
};

/// To be called before any file is opened: it puts the null device in the place of standard descriptors that
/// are closed, so that what is meant for standard error can never end up in an export.
[[nodiscard]] std::unique_ptr<StopEvents> make_stop_events();

/// Gives the terminal back and ends the process without running destructors or waiting for threads.
[[noreturn]] void exit_now(int exit_code) noexcept;

}  // namespace mqtt_logger
