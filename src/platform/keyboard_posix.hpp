#pragma once

#include "quit_line.hpp"

namespace mqtt_logger {

/// Standard input as a place where `q` can be said: by a key in a terminal, by a line through a pipe or
/// socket. Anything else (a file, /dev/null, a closed descriptor) is never read.
///
/// Threads: the main thread only.
/// Owns:    the terminal's mode (see terminal_posix.hpp) until it is destroyed; a descriptor of its own.
/// Errors:  what cannot be read, or is at its end, is not listened to any more.
class Keyboard {
 public:
  Keyboard() noexcept;
  ~Keyboard();
  Keyboard(const Keyboard&) = delete;
  Keyboard& operator=(const Keyboard&) = delete;

  /// Finds out whether we are in the terminal's foreground, and takes the terminal if so. A shell that brings
  /// a running job to the foreground tells it nothing: so to be called again from time to time while
  /// is_in_background().
  void check() noexcept;

  [[nodiscard]] bool is_in_background() const noexcept { return kind_ == Kind::terminal && !has_terminal_; }
  [[nodiscard]] bool has_terminal() const noexcept { return has_terminal_; }

  /// What to poll for input; -1 while there is nothing to listen to.
  [[nodiscard]] int descriptor() const noexcept;

  /// Reads what poll() announced with `poll_events`; whether it says to quit. Does not wait where somebody
  /// else, with whom we share the input, was faster (`mqtt-logger 2>&1 | less`).
  [[nodiscard]] bool read_quit(short poll_events) noexcept;

 private:
  enum class Kind { nothing, stream, terminal };

  void stop_listening() noexcept;

  Kind kind_ = Kind::nothing;
  bool has_terminal_ = false;
  int descriptor_ = -1;
  QuitLine quit_line_;
};

}  // namespace mqtt_logger
