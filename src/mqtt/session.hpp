#pragma once

#include "mqtt_logger/base/status.hpp"
#include "mqtt_logger/base/totals.hpp"
#include "mqtt_logger/connection/backoff.hpp"
#include "mqtt_logger/connection/brokers.hpp"
#include "mqtt_logger/connection/connection_diagnosis.hpp"
#include "mqtt_logger/connection/library_calls.hpp"
#include "mqtt_logger/connection/received_bytes.hpp"
#include "mqtt_logger/connection/silence.hpp"
#include "mqtt_logger/connection/websocket_bridge.hpp"
#include "mqtt_logger/journal/journal.hpp"
#include "mqtt_logger/mqtt/receiver.hpp"
#include "mqtt_logger/options/options.hpp"
#include "mqtt_logger/publish/status_topic.hpp"

#include "connection_events.hpp"
#include "paho_adapter.hpp"
#include "session_report.hpp"
#include "session_store.hpp"
#include "subscription_manager.hpp"

#include <mqtt/async_client.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace mqtt_logger {

/// The connection: when to make it, and what becomes of it.
///
/// Threads: one owner, the session's thread, which waits for the library's lock: as long as a message waits
///          for room in the journal, and as long as the library looks a host's name up. `wake` is called by
///          the library's threads when advance() has something to do; `tell` by the owner when connection()
///          has changed.
class Session {
 public:
  Session(const Options& options, Journal& journal, Receiver& receiver, Statistics& statistics,
          std::function<void()> wake, std::function<void()> tell);
  Session(const Session&) = delete;  // the library's threads know where it is
  Session& operator=(const Session&) = delete;

  /// Does what is due; returns how long nothing will be. Throws as Subscriber::check() does.
  [[nodiscard]] std::chrono::milliseconds advance();
  /// Before the first advance().
  void set_will(std::string payload) { will_ = std::move(payload); }
  /// See the Subscriber.
  void publish_status(const std::string& payload);
  /// Waits a moment for the broker's acknowledgement.
  void publish_last_status(const std::string& payload);
  [[nodiscard]] const BrokerAddress& broker() const noexcept { return brokers_.current().address; }
  [[nodiscard]] const ConnectionStatus& connection() const noexcept { return connection_; }
  /// Disconnects, and keeps the session at the broker.
  void stop() noexcept;

 private:
  enum class State : std::uint8_t { waiting, connecting, subscribing, ready };

  void make_client();
  void connect();
  void advance_subscribing();
  void handle(const ConnectionEvent& event);
  void begin_subscribing(bool is_session_present);
  [[nodiscard]] bool is_answer_overdue();
  void report_connection();
  [[nodiscard]] std::uint64_t max_packet_bytes() const noexcept;
  void report_largest_packet(MqttVersion version);
  void handle_connected(const ConnectionEvent& event);
  [[nodiscard]] bool connects_again_for_keep_alive(std::optional<std::chrono::seconds> used);
  void report_limits(const BrokerLimits& limits);
  void handle_failure(const ConnectionEvent& event);
  [[nodiscard]] bool tries_without(ConnectFailure failure);
  [[nodiscard]] bool tries_older_version(ConnectFailure failure);
  void handle_diagnosis(const ConnectionEvent& event);
  void try_again_now();
  void handle_loss(const ConnectionEvent& event);
  [[nodiscard]] bool ends_silent_connection();
  void note_contact();
  void note_failure(const std::string& reason);
  void note_end();
  void try_next(const std::string& reason);
  void wait_for_next_round(const std::string& reason);
  [[nodiscard]] std::string name() const { return to_string(brokers_.current().address); }
  void drop_client() noexcept;

  const Options options_;
  const std::string client_id_;
  std::string will_;
  Journal& journal_;
  Receiver& receiver_;
  PahoAdapter adapter_;
  Statistics& statistics_;

  Brokers brokers_;
  State state_ = State::waiting;
  Backoff backoff_;
  std::chrono::steady_clock::time_point next_attempt_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point answer_due_;
  std::optional<std::chrono::steady_clock::time_point>
      connect_due_;  // nothing while the failure is looked into
  bool was_connected_ = false;
  bool is_refused_ = false;  // by the broker, when it was asked last
  bool is_session_present_ = false;
  bool is_largest_packet_said_ = false;
  std::chrono::steady_clock::time_point connected_since_;
  std::uint64_t received_before_ = 0;  // messages, when this connection began
  std::chrono::steady_clock::time_point next_contact_;
  Silence silence_{std::chrono::seconds{0},
                   std::chrono::seconds{0}};  // of the broker, where there is no bridge
  ReceivedBytes received_bytes_;              // the same
  int short_lives_ = 0;                       // connections that did not last, in a row
  SessionReport report_{options_};
  LibraryCalls calls_;
  SubscriptionManager subscription_manager_;
  ConnectionStatus connection_;
  const std::function<void()> tell_;

  StatusTopic status_topic_;
  ConnectionEvents events_;
  ConnectionDiagnosis diagnosis_;
  ConnectFailure failure_{};    // what is being looked into
  std::string failure_reason_;  // in words
  std::string address_in_use_;  // of the broker's, which a diagnosis has found
  BrokerLimits reported_limits_;
  std::optional<SessionStore> store_;
  std::unique_ptr<WebSocketBridge> bridge_;   // of this client, if the broker is reached by WebSocket
  std::optional<mqtt::async_client> client_;  // last: its threads call the members above until it is gone
};

}  // namespace mqtt_logger
