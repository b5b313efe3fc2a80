#include "mqtt_logger/connection/backoff.hpp"

#include <algorithm>

namespace mqtt_logger {
namespace {

constexpr std::chrono::milliseconds kLongest = std::chrono::seconds{60};
constexpr auto kSoonOver = std::chrono::minutes{1};

}  // namespace

std::chrono::milliseconds Backoff::next(bool is_refused, Clock::time_point now) {
  if (!is_refused && good_until_ && now - *good_until_ < kSoonOver) reset();
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

void Backoff::note_good_end(Clock::time_point now) noexcept {
  reset();
  good_until_ = now;
}

}  // namespace mqtt_logger
