#pragma once

#include "mqtt_logger/connection/broker_limits.hpp"
#include "mqtt_logger/connection/library_calls.hpp"
#include "mqtt_logger/journal/journal.hpp"
#include "mqtt_logger/options/options.hpp"

#include "event_queue.hpp"
#include "refused_filters.hpp"
#include "subscriptions.hpp"

#include <mqtt/async_client.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace mqtt_logger {

/// What the session at the broker is subscribed to: asks for what is missing, ends what is no longer wanted,
/// takes the answers, and keeps the list in the journal.
///
/// Threads: the session's thread; answers come on the library's threads.
/// Owns:    the journal's lists of subscriptions. The client is its caller's, and must be gone first.
/// Errors:  a refused topic filter is an error in the log, and not asked for again in this run; the others go
///          on. An answer that does not come is the caller's business.
class SubscriptionManager {
 public:
  /// `wake` is called by the library's threads when advance() has something to do.
  SubscriptionManager(const Options& options, Journal& journal, LibraryCalls& calls,
                      std::function<void()> wake);

  /// Before each CONNECT: from here on the broker may make a new session, which is subscribed to nothing, and
  /// we may never be told: this process may be killed before the answer is handled, or the answer be lost.
  /// The next attempt would find that session and take it for ours. So until begin() no subscription counts
  /// as granted. (In MQTT 3.1.1 making it again brings retained messages again; silence for ever would be
  /// worse.)
  void doubt(const std::string& session);
  /// The CONNECT was refused, so there is no new session.
  void mark_confirmed();

  /// Asks for what the session is not subscribed to yet, and, unless the user wants retained messages each
  /// time, only for that: a subscription that is granted again brings them again (MQTT 3.1.1, section 3.8.4).
  /// Throws mqtt::exception.
  void begin(mqtt::async_client& client, MqttVersion version, const BrokerLimits& limits,
             bool is_session_present);
  /// The connection is gone, and no answer will come. If the broker closed it because of a topic filter, the
  /// filter is found: from now on they are asked for one by one, as long as connections end so.
  void abandon(std::optional<mqtt::ReasonCode> disconnect_reason);

  /// Takes the answers that have come, and asks for what is next. True when the last one has come, once for
  /// each begin(). Throws mqtt::exception.
  [[nodiscard]] bool advance(mqtt::async_client& client);
  /// What the broker has granted, after advance() was true.
  [[nodiscard]] const Subscriptions& granted() const noexcept { return granted_; }
  /// Whether this connection may bring messages of topic filters that are not wanted: the session was
  /// subscribed to others, or it is not known what to.
  [[nodiscard]] bool may_bring_more() const noexcept { return may_bring_more_; }

 private:
  /// One topic filter that the broker is asked for, or asked to forget.
  struct Request {
    std::string filter;
    std::optional<QoS> qos;  // nothing: unsubscribe
    bool is_answered = false;
  };
  struct Answer {
    std::uint64_t connection = 0;  // of the request, as there may be late ones
    std::size_t request = 0;
    bool is_refused = false;
    std::string reason;  // of a refusal, in words
    std::optional<QoS> granted;
  };

  void leave_out_refused(const BrokerLimits& limits);
  void send_next(mqtt::async_client& client);
  void send(mqtt::async_client& client, std::size_t index);
  void on_response(std::uint64_t connection, std::size_t index, bool is_subscribe, const Response& response);
  void handle(const Answer& answer);
  void finish();
  void store(const Subscriptions& subscriptions);

  const Options& options_;
  Journal& journal_;
  LibraryCalls& calls_;
  std::string session_;  // whose list this is: each broker has a session of its own for us
  std::optional<Subscriptions>
      session_subscriptions_;    // of the session; nothing if it is not known what that has
  bool may_bring_more_ = false;  // the session may have been subscribed to more than is wanted
  Subscriptions granted_;        // what is wanted, less what was refused
  RefusedFilters refused_;

  MqttVersion version_ = MqttVersion::v5;
  std::uint64_t connection_ = 0;   // counts begin()
  std::vector<Request> requests_;  // of this connection
  std::size_t sent_ = 0;           // so many of them
  std::size_t answered_ = 0;
  bool is_waiting_ = false;
  bool is_share_warning_told_ = false;
  EventQueue<Answer> answers_;
};

}  // namespace mqtt_logger
