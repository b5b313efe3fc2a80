#pragma once

#include <chrono>
#include <cstdint>
#include <deque>

namespace mqtt_logger {

/// How fast a counter grew in the last minute, or since the start if that is shorter ago.
///
/// Threads: one.
class RateMeter {
 public:
  using Clock = std::chrono::steady_clock;

  /// Takes note of the counter, at most once a second; returns its growth per second.
  [[nodiscard]] double measure(std::uint64_t count, Clock::time_point now = Clock::now());

 private:
  struct Sample {
    Clock::time_point time;
    std::uint64_t count;
  };
  std::deque<Sample> samples_;
};

}  // namespace mqtt_logger
