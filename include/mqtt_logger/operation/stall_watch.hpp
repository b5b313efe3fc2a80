#pragma once

#include "mqtt_logger/log/log_interval.hpp"

#include <cstdint>
#include <string>
#include <utility>

namespace mqtt_logger {

/// Says when the writer thread hangs in a call to the system, which it cannot say itself: a disk or a server
/// of files that does not answer.
///
/// Threads: one owner.
class StallWatch {
 public:
  using Clock = LogInterval::Clock;

  explicit StallWatch(std::string output) : output_{std::move(output)} {}

  /// `writer_iterations` grows at least once a second while the writer does not hang.
  void check(std::uint64_t writer_iterations, std::uint64_t pending_bytes, Clock::time_point now);

 private:
  std::string output_;
  std::uint64_t turns_ = 0;
  Clock::time_point last_rotation_{};
  LogInterval stalled_;
};

}  // namespace mqtt_logger
