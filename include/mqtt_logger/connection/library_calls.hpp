#pragma once

#include "mqtt_logger/base/message.hpp"
#include "mqtt_logger/options/options.hpp"

#include <mqtt/async_client.h>

#include <atomic>
#include <deque>
#include <functional>
#include <optional>
#include <string>

namespace mqtt_logger {

/// The answer to a CONNECT, SUBSCRIBE or UNSUBSCRIBE, or what came in its place.
struct Response {
  bool is_success = false;
  int return_code = 0;              ///< the library's own, or that of CONNACK (MQTT 3.1.1, section 3.2.2.3)
  int reason_code = 0;              ///< of MQTT 5 (section 2.4), if `return_code` is none
  std::string text;                 ///< what the library says of a failure; may be empty
  mqtt::properties properties;      ///< of the packet, with MQTT 5
  bool is_session_present = false;  ///< of CONNACK
  std::optional<QoS> granted;       ///< of SUBACK; nothing where it is none of MQTT's (section 3.9.3)
};

/// The C library's client within.
[[nodiscard]] MQTTAsync handle_of(mqtt::async_client& client) noexcept;

/// Calls of the C library by which a client asks its broker for something, for the sake of their answers: of
/// a refusal Paho C++ keeps neither the properties (the reason in words, another server), nor the words in
/// which the C library tells a closed port from a silent broker.
///
/// Threads: the functions by the client's owner; handlers on the library's threads, under its lock.
/// Owns:    the handlers, until they were called. It must outlive the client.
/// Errors:  mqtt::exception where the library does not even begin.
class LibraryCalls {
 public:
  using Handler = std::function<void(const Response&)>;

  /// In place of mqtt::async_client::connect(). `options` is only read, but its structure is the library's.
  void connect(mqtt::async_client& client, mqtt::connect_options& options, Handler handler);
  void subscribe(mqtt::async_client& client, MqttVersion version, const std::string& filter, QoS qos,
                 mqtt::subscribe_options::RetainHandling retained, Handler handler);
  void unsubscribe(mqtt::async_client& client, MqttVersion version, const std::string& filter,
                   Handler handler);

 private:
  struct Call {
    explicit Call(Handler call_handler) : handler{std::move(call_handler)} {}
    Handler handler;
    std::atomic<bool> is_answered{false};
  };

  Call& add(Handler handler);
  static MQTTAsync_responseOptions make_options(Call& call, MqttVersion version);
  static void on_connected(void* call, MQTTAsync_successData* data);
  static void on_connected5(void* call, MQTTAsync_successData5* data);
  static void on_success(void* call, MQTTAsync_successData* data);
  static void on_success5(void* call, MQTTAsync_successData5* data);
  static void on_failure(void* call, MQTTAsync_failureData* data);
  static void on_failure5(void* call, MQTTAsync_failureData5* data);
  static void answer(void* call, const Response& response) noexcept;

  std::deque<Call> calls_;  // which stay where they are
};

}  // namespace mqtt_logger
