#include "status_topic.hpp"

#include "mqtt_logger/log.hpp"

#include "connection.hpp"

#include <exception>
#include <utility>

namespace mqtt_logger {

StatusTopic::StatusTopic(std::string topic) : topic_{std::move(topic)} {}

void StatusTopic::publish(mqtt::async_client& client, const std::string& payload) {
  if (last_ && !last_->is_complete()) return;
  report_refusal();
  try {
    last_ = client.publish(topic_, payload.data(), payload.size(), kStatusQos, true);
  } catch (const std::exception& error) {
    log::debug("status topic: {}", error.what());  // the connection is gone already
  }
}

void StatusTopic::publish_last(mqtt::async_client& client, const std::string& payload,
                               std::chrono::milliseconds patience) {
  last_.reset();
  publish(client, payload);
  try {
    if (last_) last_->wait_for(patience);
  } catch (const std::exception& error) {
    log::debug("status topic: {}", error.what());
  }
  report_refusal();
}

void StatusTopic::report_refusal() {
  if (is_refusal_reported_ || !last_ || !last_->is_complete() || !is_refused(*last_)) return;
  is_refusal_reported_ = true;
  log::warning("the broker refuses what is published on the status topic '{}': {}", topic_,
               describe_failure(*last_));
}

}  // namespace mqtt_logger
