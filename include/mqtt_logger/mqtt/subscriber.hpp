#pragma once

#include "mqtt_logger/base/status.hpp"
#include "mqtt_logger/base/totals.hpp"
#include "mqtt_logger/journal/journal.hpp"
#include "mqtt_logger/mqtt/receiver.hpp"
#include "mqtt_logger/options/options.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace mqtt_logger {

/// The session at the broker: connects, subscribes, connects again for ever; every message goes to the
/// receiver.
///
/// All calls of the client library are made by a thread of its own, the session's: the library has one lock,
/// and holds it while a message waits for room in the journal. The caller's thread leaves word and goes on.
///
/// Threads: all by the main thread; the receiver is called by the library's receive thread. `wake` is called
///          by the session's thread when connection() has changed, and when check() has something to throw.
/// Owns:    the client and the session's thread.
/// Errors:  in the log, with what happens next; see check().
class Subscriber {
 public:
  Subscriber(const Options& options, Journal& journal, Receiver& receiver, Statistics& statistics,
             std::function<void()> wake);
  /// Leaves the process if the session's thread does not end.
  ~Subscriber();
  Subscriber(const Subscriber&) = delete;
  Subscriber& operator=(const Subscriber&) = delete;

  /// What the broker publishes on the status topic if the connection breaks. Before start().
  void set_will(std::string payload);
  /// Throws std::system_error if there is no thread to be had.
  void start();
  /// Throws StartupError (refused) if the broker has refused this client for good at the first connect, or
  /// another client has taken over its session; and whatever else has ended the session. Only stop() may then
  /// be called.
  void check();

  /// To be published on the status topic, retained. Left out if there is no connection then, the one before
  /// is not acknowledged yet, or a message waits for room in the journal.
  void publish_status(std::string payload);
  /// The same with stop(), which then waits a moment for the broker's acknowledgement.
  void publish_last_status(std::string payload);

  /// Whether the broker sends us what was asked for.
  [[nodiscard]] bool is_subscribed() const;
  /// How often it has begun to: so that a connection that was lost and made again is noticed.
  [[nodiscard]] std::uint64_t times_subscribed() const;
  /// The broker that is or was connected to.
  [[nodiscard]] BrokerAddress broker() const;
  /// How it stands with the broker, for those who report it.
  [[nodiscard]] ConnectionStatus connection() const;

  /// Takes no more messages: disconnects and keeps the session at the broker. After true the receiver is
  /// called no more. False if the library has not come to an end within some seconds: it may call the
  /// receiver still, and this object must not be destroyed.
  [[nodiscard]] bool stop() noexcept;

 private:
  class SessionThread;
  std::unique_ptr<SessionThread> thread_;
};

/// The client identifier: the one asked for, or one made of the host's name and a hash of the absolute output
/// path, so that a restart resumes its own session and two loggers never throw each other out.
[[nodiscard]] std::string find_client_id(const Options& options);

/// The same where the journal knows of sessions: if only the host's name has changed since (a container gets
/// a new one each time), the identifier stays, and with it the session for which the broker keeps messages.
[[nodiscard]] std::string find_client_id(const Options& options, const Journal& journal);

}  // namespace mqtt_logger
