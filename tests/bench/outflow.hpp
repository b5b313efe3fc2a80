#pragma once

#include "connection.hpp"
#include "stream.hpp"

#include <cstdint>
#include <string>

namespace mqtt_logger::bench {

/// Sends a stream of messages and keeps to the window of those that are not acknowledged; the same towards a
/// subscriber, where we are the broker, and towards a broker.
class Outflow {
 public:
  Outflow(Connection& connection, const StreamPlan& plan, bool is_version_5);

  /// Returns when everything is sent and acknowledged; says `began` and `sent` with the time.
  void run();
  /// Answers what comes until the other side closes.
  void linger();

 private:
  [[nodiscard]] bool has_more() const noexcept { return sent_ < plan_.messages; }
  [[nodiscard]] bool has_room() const noexcept;
  [[nodiscard]] bool is_done() const noexcept;
  void handle(const Packet& packet);
  void begin_slice();
  void flush();

  Connection& connection_;
  const StreamPlan plan_;
  const PreparedPackets packets_;
  std::uint64_t sent_ = 0;
  std::uint64_t acknowledged_ = 0;
  std::string_view slice_;  // what is still to be sent of the present one
  std::string answers_;     // PUBREL, PINGRESP: sent between slices
};

}  // namespace mqtt_logger::bench
