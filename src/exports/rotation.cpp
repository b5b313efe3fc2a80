#include "mqtt_logger/exports/rotation.hpp"

#include <utility>

namespace mqtt_logger {

using std::chrono::seconds;
using std::chrono::sys_seconds;

Rotation::Rotation(const Options& options, UtcOffset utc_offset)
    : size_bytes_{options.rotate_size_bytes},
      every_{options.rotate_every},
      is_local_{options.local_time},
      utc_offset_{std::move(utc_offset)} {}

bool Rotation::is_due(FileNumber current, std::uint64_t body_bytes, ReceiveTime time) {
  if (size_bytes_ != 0 && body_bytes >= size_bytes_) return true;
  if (every_.count() == 0) return false;
  const std::int64_t current_period = period_of(birth_of(current));
  const std::int64_t period = period_of(std::chrono::floor<seconds>(time));
  return period > current_period || period < current_period - 1;
}

std::int64_t Rotation::period_of(sys_seconds time) {
  seconds offset{0};
  if (is_local_) {
    const sys_seconds quarter =
        std::chrono::floor<std::chrono::duration<std::int64_t, std::ratio<900>>>(time);
    if (known_[0].quarter != quarter && known_[1].quarter != quarter) {
      known_[oldest_known_] = {quarter, utc_offset_(time)};
      oldest_known_ = 1 - oldest_known_;
    }
    offset = known_[known_[0].quarter == quarter ? 0 : 1].offset;
  }
  const auto local = (time + offset).time_since_epoch().count();
  return local / every_.count() - (local % every_.count() < 0 ? 1 : 0);
}

std::chrono::microseconds ClockWatch::advance(ReceiveTime time) noexcept {
  constexpr seconds kTolerance{1};
  const ReceiveTime before = std::exchange(last_, time);
  if (before == ReceiveTime::min() || time + kTolerance > before) return std::chrono::microseconds{0};
  return before - time;
}

}  // namespace mqtt_logger
