#pragma once

#include "mqtt_logger/journal/journal.hpp"

#include "brokers.hpp"
#include "mailbox.hpp"

#include <mqtt/async_client.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace mqtt_logger {

/// What the library's threads report of the connection.
struct ConnectionEvent {
  enum class Kind : std::uint8_t { connected, connect_failed, diagnosed, lost };
  Kind kind{};
  std::string reason;  // of a failure, in words
  bool is_session_present = false;
  bool is_refused_for_good = false;
  bool is_version_refused = false;
  bool is_answered = false;    // the failure is the broker's own word
  bool is_taken_over = false;  // another client has this session now
};

/// What becomes of the connection, from the library's threads to the one that decides what follows.
///
/// Threads: the library's call what it knows of us, under its lock; post() any; take() the main thread.
class ConnectionEvents final : private mqtt::iaction_listener {
 public:
  /// `wake` is called whenever there is something to take.
  ConnectionEvents(Journal& journal, const Brokers& brokers, std::function<void()> wake)
      : journal_{journal}, brokers_{brokers}, events_{std::move(wake)} {}

  /// Before connect().
  void watch(mqtt::async_client& client);
  /// For connect(): what answers it.
  [[nodiscard]] mqtt::iaction_listener& connect_listener() noexcept { return *this; }

  void post(ConnectionEvent event) { events_.post(std::move(event)); }
  [[nodiscard]] std::vector<ConnectionEvent> take() { return events_.take(); }

 private:
  void on_success(const mqtt::token& token) override;
  void on_failure(const mqtt::token& token) override;
  void on_lost(const std::string& reason, bool is_taken_over);

  Journal& journal_;
  const Brokers& brokers_;  // the current one does not change while a connection is made
  Mailbox<ConnectionEvent> events_;
};

}  // namespace mqtt_logger
