#pragma once

#include "mqtt_logger/base/message.hpp"
#include "mqtt_logger/options/options.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace mqtt_logger {

/// "2 d 3 h", "5 min 12 s": the two largest units.
[[nodiscard]] std::string describe_duration(std::chrono::seconds duration);

/// Says in the log what it means that the broker has kept the session, or has not: how long the logger was
/// away, and whether messages of that time are missing.
///
/// Threads: one owner.
class SessionReport {
 public:
  explicit SessionReport(const Options& options) noexcept : options_{options} {}

  /// Before a CONNECT: when a broker was heard last, and whether it was this one.
  void begin(std::optional<ReceiveTime> last_contact, bool is_same_broker) noexcept {
    last_contact_ = last_contact;
    is_same_broker_ = is_same_broker;
  }
  /// It was answered. `session_expiry`: for how long the broker keeps the session, as far as it is known.
  void end(MqttVersion version, bool is_session_present, std::chrono::seconds session_expiry);

 private:
  const Options& options_;
  std::optional<ReceiveTime> last_contact_;
  bool is_same_broker_ = true;
  bool is_first_ = true;
  bool is_unlimited_said_ = false;
};

}  // namespace mqtt_logger
