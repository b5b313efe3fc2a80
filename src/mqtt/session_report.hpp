#pragma once

#include "mqtt_logger/message.hpp"
#include "mqtt_logger/options.hpp"

#include <chrono>
#include <optional>

namespace mqtt_logger {

/// Says in the log what it means that the broker has kept the session, or has not: how long the logger was
/// away, and whether messages of that time are missing.
///
/// Threads: one owner.
class SessionReport {
 public:
  explicit SessionReport(const Options& options) noexcept : options_{options} {}

  /// Before a CONNECT: when the broker was heard last, if we had a session there.
  void begin(std::optional<ReceiveTime> last_contact) noexcept { last_contact_ = last_contact; }
  /// It was answered.
  void end(MqttVersion version, bool is_session_present);

 private:
  const Options& options_;
  std::optional<ReceiveTime> last_contact_;
  bool is_first_ = true;
  bool is_unlimited_said_ = false;
};

}  // namespace mqtt_logger
