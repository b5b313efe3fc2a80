#include "mqtt_logger/operation/rate_meter.hpp"

namespace mqtt_logger {

using namespace std::chrono_literals;

double RateMeter::measure(std::uint64_t count, Clock::time_point now) {
  if (samples_.empty() || now - samples_.back().time >= 1s) samples_.push_back({now, count});
  while (samples_.size() > 1 && now - samples_[1].time >= 60s) samples_.pop_front();
  if (count < samples_.front().count) samples_.assign(1, {now, count});  // some of it was taken back
  const std::chrono::duration<double> elapsed = now - samples_.front().time;
  if (elapsed < 1s) return 0;  // too little to tell
  return static_cast<double>(count - samples_.front().count) / elapsed.count();
}

}  // namespace mqtt_logger
