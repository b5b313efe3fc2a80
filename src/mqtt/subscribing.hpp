#pragma once

#include "mqtt_logger/journal/journal.hpp"
#include "mqtt_logger/mqtt/subscriptions.hpp"
#include "mqtt_logger/options.hpp"

#include "mailbox.hpp"

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
/// Threads: on_success() and on_failure() on the library's threads; all else on the main thread.
/// Owns:    the journal's list of subscriptions. The client is its caller's, and must be gone first.
/// Errors:  a refused topic filter is an error in the log; the others go on. An answer that does not come
///          is the caller's business.
class Subscribing final : private mqtt::iaction_listener {
 public:
  /// `wake` is called by the library's threads when advance() has something to do.
  Subscribing(const Options& options, Journal& journal, std::function<void()> wake);

  /// Before each CONNECT: from here on the broker may make a new session, which is subscribed to nothing, and
  /// we may never be told: this process may be killed before the answer is handled, or the answer be lost.
  /// The next attempt would find that session and take it for ours. So until begin() no subscription counts
  /// as made. (In MQTT 3.1.1 making it again brings retained messages again; silence for ever would be
  /// worse.)
  void doubt();
  /// The CONNECT was refused, so there is no new session.
  void end_doubt();

  /// Asks for what the session is not subscribed to yet, and, unless the user wants retained messages each
  /// time, only for that: a subscription that is made again brings them again (MQTT 3.1.1, section 3.8.4).
  /// Throws mqtt::exception.
  void begin(mqtt::async_client& client, MqttVersion version, bool is_session_present);
  /// The connection is gone: no answer will come.
  void abandon() noexcept { is_waiting_ = false; }

  /// Takes the answers that have come. True when the last one has, once for each begin().
  [[nodiscard]] bool advance();
  /// What the broker has granted, after advance() was true.
  [[nodiscard]] const Subscriptions& made() const noexcept { return made_; }

 private:
  /// The answer to one request.
  struct Answer {
    std::uintptr_t request = 0;
    bool is_refused = false;
    std::string reason;  // of a refusal, in words
    std::optional<QoS> granted;
  };

  void on_success(const mqtt::token& token) override;
  void on_failure(const mqtt::token& token) override;
  void handle(const Answer& answer);
  void finish();

  const Options& options_;
  Journal& journal_;
  Subscriptions kept_;              // of the session, as long as the broker has not told that it is a new one
  Subscriptions made_;              // what is wanted, less what was refused
  std::vector<std::string> asked_;  // of this connection: subscribes, then unsubscribes
  std::uintptr_t first_request_ = 0;  // of this connection; requests are numbered through all connections
  std::size_t answers_due_ = 0;
  bool is_waiting_ = false;
  Mailbox<Answer> answers_;
};

}  // namespace mqtt_logger
