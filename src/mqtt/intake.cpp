#include "intake.hpp"

#include "mqtt_logger/journal/crash_point.hpp"

#include "received_message.hpp"

#include <chrono>

namespace mqtt_logger {

void Intake::receive(const mqtt::message& message) noexcept {
  if (message.get_qos() == 2) return;
  MessageView view;
  view.receive_time =
      std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
  view.topic = message.get_topic();
  if (const mqtt::binary_ref& payload = message.get_payload_ref())
    view.payload = {payload.data(), payload.size()};
  properties_.clear();
  if (version_ == MqttVersion::v5) write_properties(properties_, message);
  view.properties = properties_;
  view.qos = static_cast<QoS>(message.get_qos());
  view.is_retained = message.is_retained();
  crash_point("callback-begun");
  inbox_.receive(view, packet_id_of(message), message.is_duplicate());
  crash_point("callback-done");
}

}  // namespace mqtt_logger
