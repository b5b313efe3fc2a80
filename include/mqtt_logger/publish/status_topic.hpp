#pragma once

#include "mqtt_logger/connection/broker_limits.hpp"

#include <mqtt/async_client.h>

#include <chrono>
#include <string>

namespace mqtt_logger {

/// Publishes on the status topic, one message at a time: one that the broker has not acknowledged yet is not
/// followed by another.
///
/// Threads: the session's thread.
/// Errors:  in the log, those of the broker once; none is thrown.
class StatusTopic {
 public:
  explicit StatusTopic(std::string topic);

  void publish(mqtt::async_client& client, const std::string& payload, const BrokerLimits& limits);
  /// The same for the last time: whatever was not acknowledged, and this one is waited for.
  void publish_last(mqtt::async_client& client, const std::string& payload, const BrokerLimits& limits,
                    std::chrono::milliseconds timeout);
  /// The client is gone, and with it every answer.
  void abandon() noexcept { last_.reset(); }

 private:
  void report_refusal();

  const std::string topic_;
  mqtt::delivery_token_ptr last_;
  bool is_refusal_reported_ = false;
};

}  // namespace mqtt_logger
