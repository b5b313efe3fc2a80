#pragma once

#include "mqtt_logger/base/status.hpp"
#include "mqtt_logger/options/options.hpp"

#include <atomic>
#include <chrono>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace mqtt_logger {

/// Since when each topic filter has brought nothing, for `--stale-after`. Measured by a clock that nobody
/// sets: a wall clock that jumps must not cry wolf.
///
/// Threads: note() by the callback thread, snapshot() by the main thread. Without `--stale-after` both do
/// nothing.
class TopicWatch {
 public:
  using Clock = std::chrono::steady_clock;

  explicit TopicWatch(const Options& options, Clock::time_point start = Clock::now());

  void note(std::string_view topic, Clock::time_point now) noexcept;
  void note(std::string_view topic) noexcept {
    if (!entries_.empty()) note(topic, Clock::now());
  }
  /// One entry a topic filter; none without `--stale-after`.
  [[nodiscard]] std::vector<FilterStatus> snapshot(Clock::time_point now = Clock::now()) const;

 private:
  struct Entry {
    Entry(std::string entry_filter, Clock::time_point start) : filter{std::move(entry_filter)}, last{start} {}
    std::string filter;
    std::atomic<Clock::time_point> last;
  };

  std::chrono::milliseconds stale_after_;
  std::deque<Entry> entries_;  // which stay where they are
};

}  // namespace mqtt_logger
