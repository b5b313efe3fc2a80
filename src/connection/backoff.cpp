#include "mqtt_logger/connection/backoff.hpp"

#include <algorithm>

namespace mqtt_logger {
namespace {

constexpr std::chrono::milliseconds kLongest = std::chrono::seconds{60};

}  // namespace

std::chrono::milliseconds Backoff::next() {
  // At first, a whole second: the shortest delay is a promise to the broker.
  const std::chrono::milliseconds half = std::max(longest_ / 2, kShortest);
  const std::chrono::milliseconds jitter{
      static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(longest_.count() / 2 + 1))};
  longest_ = std::min(2 * longest_, kLongest);
  return std::min(half + jitter, kLongest);
}

void Backoff::reset() noexcept {
  longest_ = kShortest;
}

}  // namespace mqtt_logger
