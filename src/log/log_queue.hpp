#pragma once

#include "mqtt_logger/log/log.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace mqtt_logger {

/// The lines of the log that are on their way, with a thread that writes them: whoever logs never waits for a
/// reader, who may have stopped his terminal or forgotten the other end of a pipe, nor for a disk that is
/// full. What does not fit is counted, and a line in its place says how much that was.
///
/// Threads: push() and flush() by any; `write` is called by the queue's thread alone.
/// Owns:    the thread, which may be waiting for a reader for ever: it is left behind, and what it uses with
/// it.
class LogQueue {
 public:
  struct Line {
    LogLevel level;
    std::string text;
  };
  using Write = std::function<void(const Line&)>;
  using Notice = std::function<Line(std::uint64_t)>;  ///< that so many lines are missing

  /// Throws std::system_error if there is no thread to be had.
  LogQueue(std::size_t capacity_bytes, Write write, Notice make_notice);

  void push(Line line) noexcept;
  /// Returns when all is written that was pushed before, or when nothing of it was for so long.
  void flush(std::chrono::milliseconds timeout) noexcept;

 private:
  struct State;
  static void run(const std::shared_ptr<State>& state) noexcept;

  std::shared_ptr<State> state_;
};

}  // namespace mqtt_logger
