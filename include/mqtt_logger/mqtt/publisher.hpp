#pragma once

#include "mqtt_logger/message.hpp"
#include "mqtt_logger/options.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mqtt_logger {

/// What a PUBLISH of MQTT 5 can carry beside the payload (section 3.3.2.3).
struct PublishProperties {
  std::optional<std::uint8_t> payload_format_indicator;
  std::optional<std::uint32_t> message_expiry_interval;
  std::optional<std::string> content_type;
  std::optional<std::string> response_topic;
  std::optional<std::string> correlation_data;
  std::vector<std::pair<std::string, std::string>> user_properties;
};

struct OutgoingMessage {
  std::string topic;
  std::string payload;
  PublishProperties properties;
  QoS qos = QoS::at_most_once;
  bool is_retained = false;
};

/// Publishes messages in the order given, and keeps each until the broker has acknowledged it: what a lost
/// connection left open is published again by the next.
///
/// Threads: one owner; `on_change` comes on the library's threads.
/// Errors:  a broker that cannot be reached is waited for; one that refuses this client for good makes
///          advance() throw StartupError. What the broker refuses is counted, and said once.
class Publisher {
 public:
  /// `on_change`: something was acknowledged or has failed, so that advance() has something to do.
  Publisher(const Options& options, std::function<void()> on_change);
  ~Publisher();
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  /// Does what is due, such as connecting, without waiting; returns how long nothing will be.
  [[nodiscard]] std::chrono::milliseconds advance();

  [[nodiscard]] bool is_connected() const;
  /// Whether another message can be taken now.
  [[nodiscard]] bool has_room() const;
  void publish(OutgoingMessage message);

  [[nodiscard]] std::size_t in_flight() const;
  [[nodiscard]] std::uint64_t acknowledged() const;  ///< at QoS 0: given to the socket
  [[nodiscard]] std::uint64_t refused() const;

  /// Disconnects. What is in flight stays unacknowledged.
  void stop() noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mqtt_logger
