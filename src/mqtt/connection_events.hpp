#pragma once

#include "mqtt_logger/connection/broker_limits.hpp"
#include "mqtt_logger/connection/brokers.hpp"
#include "mqtt_logger/connection/connect_failure.hpp"
#include "mqtt_logger/connection/library_calls.hpp"
#include "mqtt_logger/journal/journal.hpp"

#include "event_queue.hpp"

#include <mqtt/async_client.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace mqtt_logger {

/// What the library's threads report of the connection.
struct ConnectionEvent {
  enum class Kind : std::uint8_t { connected, connect_failed, diagnosed, lost };
  Kind kind{};
  std::string reason;  // of a failure, in words
  bool is_session_present = false;
  BrokerLimits limits;  // of the broker that has answered
  ConnectFailure failure{};
  std::optional<mqtt::ReasonCode> disconnect_reason;  // of the DISCONNECT with which the broker ended it
  std::string address;                                // found by the diagnosis: it can be connected to
};

/// What becomes of the connection, from the library's threads to the one that decides what follows.
///
/// Threads: the library's call what it knows of us, under its lock; post() any; take() the session's thread.
class ConnectionEvents {
 public:
  /// `wake` is called whenever there is something to take.
  ConnectionEvents(Journal& journal, const Brokers& brokers, std::function<void()> wake)
      : journal_{journal}, brokers_{brokers}, events_{std::move(wake)} {}

  /// Before connect().
  void watch(mqtt::async_client& client);
  /// What answers a CONNECT.
  void on_response(const Response& response);

  void post(ConnectionEvent event) { events_.post(std::move(event)); }
  [[nodiscard]] std::vector<ConnectionEvent> take() { return events_.take(); }

 private:
  void on_lost(const std::string& reason, std::optional<mqtt::ReasonCode> disconnect_reason);

  Journal& journal_;
  const Brokers& brokers_;  // the current one does not change while a connection is made
  EventQueue<ConnectionEvent> events_;
};

}  // namespace mqtt_logger
