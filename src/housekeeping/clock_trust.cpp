#include "mqtt_logger/housekeeping/clock_trust.hpp"

namespace mqtt_logger {
namespace {

constexpr std::chrono::hours kLargeStep{1};
constexpr std::chrono::minutes kTimeToHold{10};
constexpr std::chrono::years kLongestPause{10};  // of a logger that is started again

}  // namespace

bool ClockTrust::check(const ClockReading& reading) noexcept {
  const auto before = before_;
  const ReceiveTime expected =
      before ? before->wall + (reading.since_start - before->since_start) : latest_.value_or(reading.wall);
  before_ = reading;
  const auto step = std::chrono::round<std::chrono::seconds>(reading.wall - expected);
  const bool is_large =
      before ? std::chrono::abs(step) > kLargeStep : step < -kLargeStep || step > kLongestPause;
  if (is_large) {
    step_ = step;
    believed_from_ = reading.since_start + kTimeToHold;
  }
  if (reading.is_synchronised) believed_from_.reset();
  return !believed_from_ || reading.since_start >= *believed_from_;
}

}  // namespace mqtt_logger
