#pragma once

#include "mqtt_logger/base/message.hpp"
#include "mqtt_logger/platform/clock.hpp"

#include <chrono>
#include <optional>

namespace mqtt_logger {

/// Whether the wall clock may say how old a file is. A wrong time that lasts for seconds would remove what
/// was to be kept for months; so after a step of more than an hour nothing is believed until the new time has
/// held for ten minutes, or the system says that it is synchronised. Pure.
///
/// Threads: one owner.
class ClockTrust {
 public:
  /// `latest`: the latest time that is known to have been. A machine without a clock of its own may start
  /// before it. How long after it a logger is started nobody knows, but ten years are no pause.
  explicit ClockTrust(std::optional<ReceiveTime> latest) noexcept : latest_{latest} {}

  /// Whether it may, now.
  [[nodiscard]] bool check(const ClockReading& reading) noexcept;
  /// By how much it was moved last.
  [[nodiscard]] std::chrono::seconds step() const noexcept { return step_; }

 private:
  std::optional<ReceiveTime> latest_;
  std::optional<ClockReading> before_;
  std::chrono::seconds step_{0};
  std::optional<std::chrono::microseconds> believed_from_;  // in the machine's own time; empty: at once
};

}  // namespace mqtt_logger
