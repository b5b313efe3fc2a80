#pragma once

#include "mqtt_logger/mqtt/receiver.hpp"
#include "mqtt_logger/options/options.hpp"

#include <mqtt/async_client.h>

#include <string>
#include <string_view>

namespace mqtt_logger {

/// From the library's message to the receiver, for QoS 0 and 1. QoS 2 comes through the session store.
///
/// The C library's own: Paho C++ would copy each message first, which costs time, and memory where it is
/// large.
///
/// Threads: messages come by the callback thread, under the library's lock; the functions are called while
///          there is no connection.
class PahoAdapter {
 public:
  explicit PahoAdapter(Receiver& receiver) noexcept : receiver_{receiver} {}

  void set_version(MqttVersion version) noexcept { version_ = version; }
  /// Before connect(): messages of a kept session come right behind CONNACK. Throws mqtt::exception.
  void watch(mqtt::async_client& client);

 private:
  static int on_message(void* adapter, char* topic, int topic_length, MQTTAsync_message* message) noexcept;
  void receive(std::string_view topic, const MQTTAsync_message& message) noexcept;

  Receiver& receiver_;
  MqttVersion version_ = MqttVersion::v5;
  std::string properties_;  // bytes of the message at hand
};

}  // namespace mqtt_logger
