#pragma once

#include "mqtt_logger/base/message.hpp"

#include <chrono>
#include <optional>

namespace mqtt_logger {

/// When each message of a recording is due: the recorded spacing, divided by a speed. Pure: `now` is given.
class ReplayClock {
 public:
  using Clock = std::chrono::steady_clock;

  /// `speed` zero: everything at once.
  explicit ReplayClock(double speed) noexcept : speed_{speed} {}

  /// When a message recorded at `time`, the next one after that of the last call, is due. A time that goes
  /// back (a clock that was set, another file, a new round of a loop) is due as soon as the one before.
  [[nodiscard]] Clock::time_point find_due(ReceiveTime time, Clock::time_point now);

  /// Nothing could be published for a while: goes on from `now` with the recorded spacing, rather than with
  /// all that should have been published meanwhile.
  void resume(Clock::time_point now) noexcept;

 private:
  double speed_;
  std::optional<ReceiveTime> last_time_;
  Clock::time_point last_due_{};
};

}  // namespace mqtt_logger
