#pragma once

#include "mqtt_logger/options/options.hpp"
#include "mqtt_logger/publish/outgoing_message.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

namespace mqtt_logger {

/// Who publishes, and how much of it is said.
struct PublisherRole {
  std::string_view name;      ///< its client identifiers begin with it: `replay`
  std::string_view in_words;  ///< for the log: `the replay`
  /// Somebody else tells of the same broker: no more is said than that the first connection fails.
  bool is_quiet = false;
  /// Whether a message is given up at which the broker seems to close the connection each time.
  bool gives_up = true;
};

/// Publishes messages in the order given, and keeps each until the broker has acknowledged it: what a lost
/// connection left open is published again by the next.
///
/// Threads: one owner; `on_change` comes on the library's threads.
/// Errors:  a broker that cannot be reached is waited for; one that refuses this client for good makes
///          advance() throw StartupError, each time. What the broker refuses is counted, and said once.
class Publisher {
 public:
  /// `on_change`: something was acknowledged or has failed, so that advance() has something to do.
  Publisher(const Options& options, const PublisherRole& role, std::function<void()> on_change);
  ~Publisher();
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  /// Does what is due, such as connecting, without waiting; returns how long nothing will be.
  [[nodiscard]] std::chrono::milliseconds advance();

  /// Publishes to this broker from now on, and no other.
  void follow(const BrokerAddress& broker);

  [[nodiscard]] bool is_connected() const;
  /// Whether another message can be taken now.
  [[nodiscard]] bool has_room() const;
  void publish(OutgoingMessage message);

  [[nodiscard]] std::size_t in_flight() const;
  [[nodiscard]] std::uint64_t acknowledged() const;  ///< by the broker
  [[nodiscard]] std::uint64_t sent() const;          ///< at QoS 0: nobody says whether they arrived
  /// Whether a connection ended, and not by stop(), after messages of QoS 0 were sent on it.
  [[nodiscard]] bool is_any_uncertain() const;
  [[nodiscard]] std::uint64_t refused() const;

  /// Disconnects. What is in flight stays unacknowledged.
  void stop() noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mqtt_logger
