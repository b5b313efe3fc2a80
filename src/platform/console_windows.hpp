#pragma once

#include <windows.h>

namespace mqtt_logger {

/// The console on standard input, if there is one, as a place where the key `q` can be pressed.
///
/// Threads: the main thread; give_back() by any.
/// Owns:    the console's mode: without "quick edit", in which a click into the window would stop us at the
///          next line of the log until the user presses a key.
class Console {
 public:
  Console() noexcept;
  ~Console() { give_back(); }
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  /// Signalled when read_quit() has something to read; null if there is no console.
  [[nodiscard]] HANDLE handle() const noexcept { return handle_; }

  /// Reads what there is, without waiting; whether `q` was among it. A console that is gone is not listened
  /// to any more.
  [[nodiscard]] bool read_quit() noexcept;

  /// Gives the console its mode back.
  static void give_back() noexcept;

 private:
  HANDLE handle_ = nullptr;
};

/// Starts a thread that listens for a line `q` on standard input, if that is a pipe, and then calls
/// `on_quit`; once in a process. The thread ends at the end of the pipe or with the process: a read that
/// waits cannot be ended everywhere.
void listen_to_pipe(void (*on_quit)() noexcept);

}  // namespace mqtt_logger
