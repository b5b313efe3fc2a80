#include "paho_adapter.hpp"

#include "mqtt_logger/connection/library_calls.hpp"
#include "mqtt_logger/platform/crash_point.hpp"

#include "received_message.hpp"

#include <chrono>
#include <cstddef>
#include <cstring>

namespace mqtt_logger {

void PahoAdapter::watch(mqtt::async_client& client) {
  const int code = MQTTAsync_setMessageArrivedCallback(handle_of(client), this, on_message);
  if (code != MQTTASYNC_SUCCESS) throw mqtt::exception{code};
}

// A length of zero is that of a topic without NUL, by the library's documentation. What it hands over is
// ours.
int PahoAdapter::on_message(void* adapter, char* topic, int topic_length,
                            MQTTAsync_message* message) noexcept {
  const std::size_t length = topic_length > 0 ? static_cast<std::size_t>(topic_length) : std::strlen(topic);
  static_cast<PahoAdapter*>(adapter)->receive({topic, length}, *message);
  MQTTAsync_freeMessage(&message);
  MQTTAsync_free(topic);
  constexpr int kTaken = 1;
  return kTaken;
}

void PahoAdapter::receive(std::string_view topic, const MQTTAsync_message& message) noexcept {
  if (message.qos == 2) return;
  MessageView view;
  view.receive_time =
      std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
  view.topic = topic;
  if (message.payloadlen > 0)
    view.payload = {static_cast<const char*>(message.payload), static_cast<std::size_t>(message.payloadlen)};
  properties_.clear();
  if (version_ == MqttVersion::v5) write_properties(properties_, message.properties);
  view.properties = properties_;
  view.qos = static_cast<QoS>(message.qos);
  view.is_retained = message.retained != 0;
  const PacketId packet_id = message.qos == 0 ? PacketId{0} : static_cast<PacketId>(message.msgid);
  crash_point("callback-begun");
  receiver_.receive(view, packet_id, message.dup != 0);
  crash_point("callback-done");
}

}  // namespace mqtt_logger
