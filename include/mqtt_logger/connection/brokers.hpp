#pragma once

#include "mqtt_logger/connection/broker_limits.hpp"
#include "mqtt_logger/connection/version_choice.hpp"
#include "mqtt_logger/options/options.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace mqtt_logger {

/// One of the brokers that were asked for, and what is known of it.
struct Broker {
  BrokerAddress address;
  VersionChoice version;
  std::string session;                  ///< see Journal::begin_session()
  bool is_refusing = false;             ///< this client, for good, when it was asked last
  BrokerLimits limits{};                ///< what it said last, and what its refusals have shown
  bool refuses_retained = false;        ///< it has refused a retained message without having said so before
  bool refuses_qos = false;             ///< the same of QoS 1
  bool has_keep_alive_settled = false;  ///< it was connected to again because of its keep alive
};

/// Whose turn it is: the brokers are tried in order; when none answers, and when a connection is lost, a new
/// round begins with the first.
///
/// Each broker has a session of its own for us, and gives packet identifiers of its own. The journal keeps
/// those of one session, the last that was connected: a change of the broker forgets the others, so that
/// nothing new is ever taken for a redelivery of another broker. (What the first one sends again when we are
/// back may then be recorded twice.) A change of the list alone changes nothing: a session goes by client
/// identifier, host and port. Where several addresses lead to one cluster with one session, this errs to the
/// safe side.
///
/// Threads: one owner.
class Brokers {
 public:
  Brokers(const Options& options, const std::string& client_id);

  [[nodiscard]] Broker& current() noexcept { return brokers_[current_]; }
  [[nodiscard]] const Broker& current() const noexcept { return brokers_[current_]; }
  /// The next one's turn; false if this was the last one of the round.
  [[nodiscard]] bool advance() noexcept;
  [[nodiscard]] bool has_next() const noexcept { return current_ + 1 < brokers_.size(); }
  /// The first one's turn; false if it is already.
  bool begin_round() noexcept;
  [[nodiscard]] bool are_all_refusing() const noexcept;
  void forget_refusals() noexcept;

 private:
  std::vector<Broker> brokers_;
  std::size_t current_ = 0;
};

}  // namespace mqtt_logger
