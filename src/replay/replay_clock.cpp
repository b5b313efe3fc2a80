#include "replay_clock.hpp"

#include <algorithm>

namespace mqtt_logger {

ReplayClock::Clock::time_point ReplayClock::find_due(ReceiveTime time, Clock::time_point now) {
  if (speed_ <= 0) return now;
  if (!last_time_) {
    last_due_ = now;
  } else if (time > *last_time_) {
    constexpr double kMaximumSeconds = 1e9;  // some thirty years, and far from what a time point can hold
    const std::chrono::duration<double> spacing = time - *last_time_;
    const std::chrono::duration<double> wait{std::min(spacing.count() / speed_, kMaximumSeconds)};
    last_due_ += std::chrono::duration_cast<Clock::duration>(wait);
  }
  last_time_ = time;
  return last_due_;
}

void ReplayClock::resume(Clock::time_point now) noexcept {
  last_due_ = std::max(last_due_, now);
}

}  // namespace mqtt_logger
