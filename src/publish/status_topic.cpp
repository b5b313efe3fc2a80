#include "mqtt_logger/publish/status_topic.hpp"

#include "mqtt_logger/connection/connect_failure.hpp"
#include "mqtt_logger/connection/connection.hpp"
#include "mqtt_logger/log/log.hpp"

#include <exception>
#include <utility>

namespace mqtt_logger {

StatusTopic::StatusTopic(std::string topic) : topic_{std::move(topic)} {}

void StatusTopic::publish(mqtt::async_client& client, const std::string& payload,
                          const BrokerLimits& limits) {
  if (last_ && !last_->is_complete()) return;
  report_refusal();
  try {
    last_ = client.publish(topic_, payload.data(), payload.size(),
                           static_cast<int>(limit_qos(limits, kStatusQos)), limits.takes_retained);
  } catch (const std::exception& error) {
    log::debug("status topic: {}", error.what());  // the connection is gone already
  }
}

void StatusTopic::publish_last(mqtt::async_client& client, const std::string& payload,
                               const BrokerLimits& limits, std::chrono::milliseconds timeout) {
  last_.reset();
  publish(client, payload, limits);
  try {
    if (last_) last_->wait_for(timeout);
  } catch (const std::exception& error) {
    log::debug("status topic: {}", error.what());
  }
  report_refusal();
}

void StatusTopic::report_refusal() {
  if (is_refusal_reported_ || !last_ || !last_->is_complete() || !is_refused(to_response(*last_))) return;
  is_refusal_reported_ = true;
  log::warning("the broker refuses what is published on the status topic '{}': {}", topic_,
               describe_failure(to_response(*last_)));
}

}  // namespace mqtt_logger
