#pragma once

#include <chrono>
#include <utility>

namespace mqtt_logger {

/// When to speak of a trouble that lasts: at once, and then every minute.
///
/// Threads: one owner.
class LogInterval {
 public:
  using Clock = std::chrono::steady_clock;

  /// The trouble is there at `now`: whether to say so.
  [[nodiscard]] bool is_due(Clock::time_point now) noexcept {
    if (is_lasting_ && now < next_) return false;
    is_lasting_ = true;
    next_ = now + std::chrono::minutes{1};
    return true;
  }
  /// The trouble is over: whether there was one.
  [[nodiscard]] bool end() noexcept { return std::exchange(is_lasting_, false); }
  /// There is trouble, and its end was not told.
  [[nodiscard]] bool is_lasting() const noexcept { return is_lasting_; }

 private:
  Clock::time_point next_{};
  bool is_lasting_ = false;
};

}  // namespace mqtt_logger
