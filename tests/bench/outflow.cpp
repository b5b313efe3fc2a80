#include "outflow.hpp"

#include <algorithm>

namespace mqtt_logger::bench {
namespace {

constexpr unsigned kPubAck = 4;
constexpr unsigned kPubRec = 5;
constexpr unsigned kPubComp = 7;
constexpr unsigned kPingReq = 12;
constexpr std::size_t kSliceBytes = std::size_t{64} * 1024;

}  // namespace

Outflow::Outflow(Connection& connection, const StreamPlan& plan, bool is_version_5)
    : connection_{connection}, plan_{plan}, packets_{plan, is_version_5} {}

void Outflow::run() {
  say_time("began");
  for (;;) {
    if (slice_.empty() && has_more() && has_room()) begin_slice();
    flush();
    if (is_done()) break;
    connection_.wait(!slice_.empty() || (has_more() && has_room()));
    if (!connection_.receive()) return;
    for (Packet packet; connection_.take(packet);) handle(packet);
  }
  say_time("sent");
}

void Outflow::linger() {
  for (;;) {
    connection_.wait(false);
    if (!connection_.receive()) return;
    for (Packet packet; connection_.take(packet);) handle(packet);
    flush();
  }
}

void Outflow::handle(const Packet& packet) {
  switch (packet.type) {
    case kPubAck:
    case kPubComp:
      ++acknowledged_;
      break;
    case kPubRec:
      answers_ += std::string{"\x62\x02", 2}.append(packet.body.substr(0, 2));  // PUBREL
      break;
    case kPingReq:
      answers_ += std::string{"\xD0\x00", 2};  // PINGRESP
      break;
    default:
      break;
  }
}

bool Outflow::is_done() const noexcept {
  const bool is_acknowledged = plan_.qos == 0 || acknowledged_ == plan_.messages;
  return !has_more() && slice_.empty() && is_acknowledged;
}

// The window is filled up when a tenth of it is free, so that acknowledgements that come one by one do not
// make us send messages one by one: what is measured is the subscriber.
bool Outflow::has_room() const noexcept {
  return plan_.qos == 0 || sent_ - acknowledged_ <= plan_.window - (plan_.window + 9) / 10;
}

void Outflow::begin_slice() {
  std::uint64_t count = plan_.messages - sent_;
  if (plan_.qos != 0) count = std::min<std::uint64_t>(count, plan_.window - (sent_ - acknowledged_));
  slice_ = packets_.slice(sent_, count, kSliceBytes);
  sent_ += count;
}

void Outflow::flush() {
  if (!slice_.empty()) connection_.send_some(slice_);
  if (!slice_.empty() || answers_.empty()) return;
  connection_.send(answers_);
  answers_.clear();
}

}  // namespace mqtt_logger::bench
