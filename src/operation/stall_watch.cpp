#include "mqtt_logger/operation/stall_watch.hpp"

#include "mqtt_logger/log/log.hpp"

#include <chrono>

namespace mqtt_logger {
namespace {

constexpr std::chrono::seconds kStalledAfter{5};

}  // namespace

void StallWatch::check(std::uint64_t writer_iterations, std::uint64_t pending_bytes, Clock::time_point now) {
  const auto silence = std::chrono::floor<std::chrono::seconds>(now - last_rotation_).count();
  if (writer_iterations != turns_ || last_rotation_ == Clock::time_point{}) {
    turns_ = writer_iterations;
    last_rotation_ = now;
    if (stalled_.end()) log::info("the disk of {} answers again after {} s", output_, silence);
    return;
  }
  if (now - last_rotation_ < kStalledAfter || !stalled_.is_due(now)) return;
  log::error(
      "the disk of {} has not answered for {} s; nothing is lost while the journal has room ({} bytes wait "
      "in it)",
      output_, silence, pending_bytes);
}

}  // namespace mqtt_logger
