#pragma once

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace mqtt_logger {

/// Decides when a broker has been silent for too long: it has a limit for its first byte, and then one and a
/// half of the keep alive, as a broker gives us (MQTT 5, section 3.1.2.10). The client library asks for a
/// sign of life after one keep alive, and is up to a second late.
///
/// Threads: one.
class Silence {
 public:
  using Clock = std::chrono::steady_clock;

  /// A keep alive of zero: after the first byte there is no limit.
  Silence(std::chrono::milliseconds first_limit, std::chrono::seconds keep_alive) noexcept
      : first_limit_{first_limit}, keep_alive_{keep_alive} {}

  /// How often to check.
  [[nodiscard]] std::chrono::milliseconds interval() const noexcept {
    using std::chrono::milliseconds;
    constexpr milliseconds kLongest{5000};
    if (has_answered_ && keep_alive_ == std::chrono::seconds::zero()) return kLongest;
    const milliseconds limit = has_answered_ ? later_limit() : first_limit_;
    return std::clamp(limit / 10, milliseconds{20}, kLongest);
  }
  void begin(Clock::time_point now) noexcept { heard_ = now; }

  /// `count`: of whatever the broker has sent so far. `is_ours`: it may have sent what we did not take.
  /// Returns how long the silence has lasted, if that is too long.
  [[nodiscard]] std::optional<std::chrono::milliseconds> check(Clock::time_point now, std::uint64_t count,
                                                               bool is_ours) noexcept {
    if (count != count_ || is_ours) {
      has_answered_ = has_answered_ || count != count_;
      count_ = count;
      heard_ = now;
      is_suspect_ = false;
      return std::nullopt;
    }
    const auto lasted = std::chrono::duration_cast<std::chrono::milliseconds>(now - heard_);
    if (has_answered_ && keep_alive_ == std::chrono::seconds::zero()) return std::nullopt;
    if (lasted < (has_answered_ ? later_limit() : first_limit_)) return std::nullopt;
    // Once more: if this process did not run for a while, what has come meanwhile is not read yet.
    if (!is_suspect_) {
      is_suspect_ = true;
      return std::nullopt;
    }
    return lasted;
  }
  /// A silence that is too long, in words.
  [[nodiscard]] std::string describe(std::chrono::milliseconds lasted) const {
    using std::chrono::seconds;
    return has_answered_ ? fmt::format("the broker has been silent for {} s, with a keep alive of {} s",
                                       std::chrono::ceil<seconds>(lasted).count(), keep_alive_.count())
                         : fmt::format("it takes the connection, and does not answer within {} s",
                                       std::chrono::ceil<seconds>(first_limit_).count());
  }

 private:
  [[nodiscard]] std::chrono::milliseconds later_limit() const noexcept {
    constexpr std::chrono::milliseconds kLateness{3000};
    const std::chrono::milliseconds keep_alive{keep_alive_};
    return std::max(keep_alive * 3 / 2, keep_alive + kLateness);
  }

  std::chrono::milliseconds first_limit_;
  std::chrono::seconds keep_alive_;
  Clock::time_point heard_;
  std::uint64_t count_ = 0;
  bool has_answered_ = false;
  bool is_suspect_ = false;
};

}  // namespace mqtt_logger
