#pragma once

#include "mqtt_logger/journal/journal.hpp"
#include "mqtt_logger/mqtt/inbox.hpp"
#include "mqtt_logger/options.hpp"
#include "mqtt_logger/run_status.hpp"
#include "mqtt_logger/statistics.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace mqtt_logger {

class Session;

/// The session at the broker: connects, subscribes, connects again for ever; every message goes to the inbox.
///
/// Threads: all by the main thread; the inbox is called by the library's receive thread. `wake` is called by
/// the library's
///          threads when advance() has something to do.
/// Owns:    the client.
/// Errors:  in the log, with what happens next. advance() throws StartupError (refused) if the broker refuses
/// this client for
///          good at the first connect, or another client takes over its session; only stop() may then be
///          called.
class Subscriber {
 public:
  Subscriber(const Options& options, Journal& journal, Inbox& inbox, Statistics& statistics,
             std::function<void()> wake);
  ~Subscriber();
  Subscriber(const Subscriber&) = delete;
  Subscriber& operator=(const Subscriber&) = delete;

  /// Does what is due, without waiting; returns how long nothing will be.
  [[nodiscard]] std::chrono::milliseconds advance();

  /// What the broker publishes on the status topic if the connection breaks. Before the first advance().
  void set_will(std::string payload);
  /// Publishes on the status topic, retained, without waiting. Left out while there is no connection, the one
  /// before is not acknowledged yet, or a message waits for room in the journal.
  void publish_status(const std::string& payload);
  /// The same before stop(): waits a moment for the broker's acknowledgement.
  void publish_last_status(const std::string& payload);

  /// Whether the broker sends us what was asked for.
  [[nodiscard]] bool is_subscribed() const noexcept;

  /// The broker that is or will be connected to.
  [[nodiscard]] const BrokerAddress& broker() const noexcept;
  /// How it stands with the broker, for those who report it.
  [[nodiscard]] const ConnectionStatus& connection() const noexcept;

  /// Takes no more messages: disconnects and keeps the session at the broker. When it returns, the inbox is
  /// called no more.
  void stop() noexcept;

 private:
  std::unique_ptr<Session> session_;
};

/// The client identifier: the one asked for, or one made of the host's name and a hash of the absolute output
/// path, so that a restart resumes its own session and two loggers never throw each other out.
[[nodiscard]] std::string find_client_id(const Options& options);

/// The same where the journal knows of sessions: if only the host's name has changed since (a container gets
/// a new one each time), the identifier stays, and with it the session for which the broker keeps messages.
[[nodiscard]] std::string find_client_id(const Options& options, const Journal& journal);

/// One line for each library in use, with its version.
[[nodiscard]] std::string library_versions();

}  // namespace mqtt_logger
