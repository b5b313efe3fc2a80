#include "connection_events.hpp"

#include "mqtt_logger/platform/crash_point.hpp"

#include <utility>

namespace mqtt_logger {

void ConnectionEvents::watch(mqtt::async_client& client) {
  client.set_connection_lost_handler([this](const std::string& cause) { on_lost(cause, std::nullopt); });
  client.set_disconnected_handler([this](const mqtt::properties& properties, mqtt::ReasonCode code) {
    on_lost("the broker says: " + describe_disconnect(properties, code), code);
  });
}

void ConnectionEvents::on_response(const Response& response) {
  ConnectionEvent event;
  if (response.is_success) {
    event.kind = ConnectionEvent::Kind::connected;
    event.is_session_present = response.is_session_present;
    event.limits = read_limits(response.properties);
    crash_point("connect-answered");
    // On this thread, before any message of the new session.
    journal_.begin_session(brokers_.current().session, event.is_session_present);
  } else {
    event.kind = ConnectionEvent::Kind::connect_failed;
    event.reason = describe_failure(response);
    event.failure = classify_failure(response);
  }
  events_.post(std::move(event));
}

void ConnectionEvents::on_lost(const std::string& reason, std::optional<mqtt::ReasonCode> disconnect_reason) {
  ConnectionEvent event;
  event.kind = ConnectionEvent::Kind::lost;
  event.disconnect_reason = disconnect_reason;
  event.reason = reason.empty() ? "the broker closed it, fell silent, or broke the protocol" : reason;
  events_.post(std::move(event));
}

}  // namespace mqtt_logger
