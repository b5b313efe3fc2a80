#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <random>

namespace mqtt_logger {

/// How long to wait before the next attempt to connect: doubles from 1 s to 60 s, each somewhere in the upper
/// half, so that the clients of a broker that comes back do not all arrive in one instant.
///
/// What breaks a good connection mostly is over soon, and may cut the next attempts as well: for a minute
/// after it the delays stay the shortest, unless it is the broker itself that says no.
///
/// Threads: one owner.
class Backoff {
 public:
  using Clock = std::chrono::steady_clock;

  /// `is_refused`: by the broker, in words.
  [[nodiscard]] std::chrono::milliseconds next(bool is_refused = false, Clock::time_point now = Clock::now());
  /// The attempt succeeded: begin at the shortest delay again.
  void reset() noexcept;
  /// A connection has ended that was good.
  void note_good_end(Clock::time_point now = Clock::now()) noexcept;

 private:
  std::chrono::milliseconds longest_ = kShortest;
  std::optional<Clock::time_point> good_until_;
  std::minstd_rand random_{std::random_device{}()};

  static constexpr std::chrono::milliseconds kShortest = std::chrono::seconds{1};
};

}  // namespace mqtt_logger
