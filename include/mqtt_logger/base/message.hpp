#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

namespace mqtt_logger {

/// Time of receipt: the system clock (UTC), in microseconds.
using ReceiveTime = std::chrono::sys_time<std::chrono::microseconds>;

/// Quality of service of a PUBLISH (MQTT 5, section 4.3).
enum class QoS : std::uint8_t { at_most_once = 0, at_least_once = 1, exactly_once = 2 };

/// One message as the broker delivered it. A view: whoever hands it out says how long its bytes live.
struct MessageView {
  ReceiveTime receive_time;
  std::string_view topic;
  std::string_view payload;
  /// The PUBLISH packet's properties as on the wire (MQTT 5, section 2.2.2), without the length in front.
  /// Empty where there are none, and always with MQTT 3.1.1.
  std::string_view properties;
  QoS qos = QoS::at_most_once;
  bool is_retained = false;
};

}  // namespace mqtt_logger
