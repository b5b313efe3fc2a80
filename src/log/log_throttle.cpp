#include "mqtt_logger/log/log_throttle.hpp"

#include <fmt/core.h>

#include <utility>

namespace mqtt_logger {
namespace {

constexpr std::chrono::seconds kEvery{1};

}  // namespace

void LogThrottle::note(std::string text, Clock::time_point now) {
  const std::lock_guard lock{mutex_};
  text_ = std::move(text);
  ++count_;
  if (now >= next_) say(now);
}

void LogThrottle::advance(Clock::time_point now) {
  const std::lock_guard lock{mutex_};
  if (count_ != 0 && now >= next_) say(now);
}

void LogThrottle::finish() {
  const std::lock_guard lock{mutex_};
  if (count_ != 0) say(Clock::now());
}

void LogThrottle::say(Clock::time_point now) {
  next_ = now + kEvery;
  if (count_ > 1) text_ += fmt::format(" (and {} more before it)", count_ - 1);
  log::write(level_, text_);
  count_ = 0;
}

}  // namespace mqtt_logger
