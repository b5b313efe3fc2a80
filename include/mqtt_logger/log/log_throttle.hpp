#pragma once

#include "mqtt_logger/log/log.hpp"

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>

namespace mqtt_logger {

/// Says in the log what may happen with every message, at most once a second: the first time at once, and
/// then the latest one with the number of those before it that were not told.
///
/// Threads: any. The mutex is on the way of messages that are dropped, and of no others.
class LogThrottle {
 public:
  using Clock = std::chrono::steady_clock;

  explicit LogThrottle(LogLevel level) noexcept : level_{level} {}

  /// It has happened; `text` is about this time.
  void note(std::string text, Clock::time_point now);
  /// Says what was not told yet, if it is time; without it, the last ones of many would be told with the next
  /// only.
  void advance(Clock::time_point now);
  /// Says it at once: nothing more will happen.
  void finish();

 private:
  void say(Clock::time_point now);

  const LogLevel level_;
  std::mutex mutex_;  // guards what follows
  std::string text_;
  std::uint64_t count_ = 0;  // not told yet
  Clock::time_point next_{};
};

}  // namespace mqtt_logger
