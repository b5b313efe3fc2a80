#include "connection_events.hpp"

#include "mqtt_logger/journal/crash_point.hpp"

#include "connection.hpp"

#include <utility>

namespace mqtt_logger {

void ConnectionEvents::watch(mqtt::async_client& client) {
  client.set_connection_lost_handler([this](const std::string& cause) { on_lost(cause, false); });
  client.set_disconnected_handler([this](const mqtt::properties& properties, mqtt::ReasonCode code) {
    on_lost("the broker says: " + describe_disconnect(properties, code),
            code == mqtt::ReasonCode::SESSION_TAKEN_OVER);
  });
}

void ConnectionEvents::on_success(const mqtt::token& token) {
  ConnectionEvent event;
  event.kind = ConnectionEvent::Kind::connected;
  event.is_session_present = token.get_connect_response().is_session_present();
  crash_point("connect-answered");
  // On this thread, before any message of the new session.
  journal_.begin_session(brokers_.current().session, event.is_session_present);
  events_.post(std::move(event));
}

void ConnectionEvents::on_failure(const mqtt::token& token) {
  ConnectionEvent event;
  event.kind = ConnectionEvent::Kind::connect_failed;
  event.reason = describe_failure(token);
  event.is_refused_for_good = is_refused_for_good(token);
  event.is_version_refused = is_version_refused(token);
  event.is_answered = is_answered(token);
  events_.post(std::move(event));
}

void ConnectionEvents::on_lost(const std::string& reason, bool is_taken_over) {
  ConnectionEvent event;
  event.kind = ConnectionEvent::Kind::lost;
  event.is_taken_over = is_taken_over;
  event.reason = reason.empty() ? "the broker closed it, fell silent, or broke the protocol" : reason;
  events_.post(std::move(event));
}

}  // namespace mqtt_logger
