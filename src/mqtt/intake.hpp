#pragma once

#include "mqtt_logger/mqtt/inbox.hpp"
#include "mqtt_logger/options.hpp"

#include <mqtt/message.h>

#include <string>

namespace mqtt_logger {

/// From the library's message to the inbox, for QoS 0 and 1. QoS 2 comes through the session store.
///
/// Threads: receive() by the callback thread, under the library's lock; set_version() while there is no
///          client.
class Intake {
 public:
  explicit Intake(Inbox& inbox) noexcept : inbox_{inbox} {}

  void set_version(MqttVersion version) noexcept { version_ = version; }
  void receive(const mqtt::message& message) noexcept;

 private:
  Inbox& inbox_;
  MqttVersion version_ = MqttVersion::v5;
  std::string properties_;  // bytes of the message at hand
};

}  // namespace mqtt_logger
