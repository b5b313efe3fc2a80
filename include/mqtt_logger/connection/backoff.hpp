#pragma once

#include <chrono>
#include <cstdint>
#include <random>

namespace mqtt_logger {

/// How long to wait before the next attempt to connect: doubles from 1 s to 60 s, each somewhere in the upper
/// half, so that the clients of a broker that comes back do not all arrive in one instant.
///
/// Threads: one owner.
class Backoff {
 public:
  [[nodiscard]] std::chrono::milliseconds next();
  /// The attempt succeeded: begin at the shortest delay again.
  void reset() noexcept;

 private:
  std::chrono::milliseconds longest_ = kShortest;
  std::minstd_rand random_{std::random_device{}()};

  static constexpr std::chrono::milliseconds kShortest = std::chrono::seconds{1};
};

}  // namespace mqtt_logger
