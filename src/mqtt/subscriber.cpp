#include "mqtt_logger/mqtt/subscriber.hpp"

#include "session.hpp"

#include <utility>

namespace mqtt_logger {

Subscriber::Subscriber(const Options& options, Journal& journal, Inbox& inbox, Statistics& statistics,
                       std::function<void()> wake)
    : session_{std::make_unique<Session>(options, journal, inbox, statistics, std::move(wake))} {}

Subscriber::~Subscriber() {
  stop();
}

const BrokerAddress& Subscriber::broker() const noexcept {
  return session_->broker();
}

std::chrono::milliseconds Subscriber::advance() {
  return session_->advance();
}

void Subscriber::set_will(std::string payload) {
  session_->set_will(std::move(payload));
}

void Subscriber::publish_status(const std::string& payload) {
  session_->publish_status(payload);
}

void Subscriber::publish_last_status(const std::string& payload) {
  session_->publish_last_status(payload);
}

bool Subscriber::is_subscribed() const noexcept {
  return session_->is_subscribed();
}

const ConnectionStatus& Subscriber::connection() const noexcept {
  return session_->connection();
}

void Subscriber::stop() noexcept {
  session_->stop();
}

}  // namespace mqtt_logger
