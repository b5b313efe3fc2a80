#include "session.hpp"

#include "mqtt_logger/error.hpp"
#include "mqtt_logger/journal/crash_point.hpp"
#include "mqtt_logger/log.hpp"
#include "mqtt_logger/mqtt/subscriber.hpp"

#include "connection.hpp"
#include "library_trace.hpp"

#include <algorithm>
#include <utility>

namespace mqtt_logger {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto kNothingDue = std::chrono::milliseconds{1h};
constexpr auto kDisconnectPatience = 2s;
constexpr auto kAnswerPatience = 10s;   // for what is asked for while subscribing
constexpr auto kContactInterval = 10s;  // how exactly is known when the broker was heard last
constexpr auto kShortLife = 5s;         // of a connection that does not last
constexpr int kSuspiciousLives = 3;     // so many short ones in a row

}  // namespace

Session::Session(const Options& options, Journal& journal, Inbox& inbox, Statistics& statistics,
                 std::function<void()> wake)
    : options_{options},
      client_id_{find_client_id(options)},
      journal_{journal},
      inbox_{inbox},
      intake_{inbox},
      statistics_{statistics},
      brokers_{options, client_id_},
      subscribing_{options_, journal, wake},
      status_topic_{options.status_topic},
      events_{journal, brokers_, std::move(wake)} {
  reduce_library_trace();
  connection_.broker = name();
}

std::chrono::milliseconds Session::advance() {
  for (const ConnectionEvent& event : events_.take()) handle(event);
  if (subscribing_.advance()) {
    state_ = State::ready;
    backoff_.reset();
    report_connection();
  }
  if (state_ == State::subscribing && is_answer_overdue()) {
    drop_client();
    wait_for_next_round(fmt::format("the broker does not answer within {} s what it is asked for",
                                    std::chrono::seconds{kAnswerPatience}.count()));
  }
  const auto now = Clock::now();
  if (state_ == State::subscribing) return std::chrono::ceil<std::chrono::milliseconds>(answer_due_ - now);
  if (state_ == State::ready) {
    note_contact();
    return kContactInterval;
  }
  if (state_ == State::connecting) return kNothingDue;
  if (now < next_attempt_) return std::chrono::ceil<std::chrono::milliseconds>(next_attempt_ - now);
  connect();
  return state_ == State::waiting ? advance() : kNothingDue;
}

void Session::make_client() {
  client_.reset();
  const Broker& broker = brokers_.current();
  intake_.set_version(broker.version);
  store_.emplace(journal_, inbox_, broker.session, broker.version);
  client_.emplace(make_uri(broker.address), client_id_, make_create_options(broker.version), &*store_);
  // Before connect(): messages of a kept session come right behind CONNACK.
  client_->set_message_callback(
      [this](const mqtt::const_message_ptr& message) { intake_.receive(*message); });
  events_.watch(*client_);
}

void Session::connect() {
  state_ = State::connecting;
  try {
    if (!client_) make_client();
    const Broker& broker = brokers_.current();
    report_.begin(journal_.has_session(broker.session) ? journal_.last_contact() : std::nullopt);
    subscribing_.doubt();
    // set_properties() happened on the object that is passed: copies of it lose them in Paho C++ before 1.3.
    client_->connect(make_session_options(options_, broker.address, broker.version, will_), nullptr,
                     events_.connect_listener());
    crash_point("connect-sent");
  } catch (const mqtt::exception& error) {
    try_next(error.what());
  }
}

void Session::handle(const ConnectionEvent& event) {
  switch (event.kind) {
    case ConnectionEvent::Kind::connected:
      statistics_.connects.add();
      begin_subscribing(event.is_session_present);
      break;
    case ConnectionEvent::Kind::connect_failed:
      handle_failure(event);
      break;
    case ConnectionEvent::Kind::diagnosed:
      try_next(event.reason);
      break;
    case ConnectionEvent::Kind::lost:
      handle_loss(event);
      break;
  }
}

void Session::handle_failure(const ConnectionEvent& event) {
  if (event.is_version_refused || event.is_refused_for_good)  // so there is no new session
    subscribing_.end_doubt();
  Broker& broker = brokers_.current();
  if (event.is_version_refused && broker.version == MqttVersion::v5) {
    log::warning("the broker does not speak MQTT 5; going on with MQTT 3.1.1");
    broker.version = MqttVersion::v3_1_1;
    drop_client();
    next_attempt_ = Clock::now();
    state_ = State::waiting;
    return;
  }
  if (event.is_refused_for_good) {
    broker.is_refusing = true;
    const std::string reason = fmt::format("the broker at {} refuses this client: {}", name(), event.reason);
    // Once it has taken us, a change at the broker is more likely than a mistake of the user: it may be
    // undone.
    if (!was_connected_ && brokers_.are_all_refusing()) throw StartupError{ExitCode::refused, reason};
    try_next("it refuses this client: " + event.reason);
    return;
  }
  const Transport transport = broker.address.transport;
  const bool is_upgrade_suspect = is_websocket(transport) && !event.is_answered;
  const std::string reason =
      event.reason + (is_upgrade_suspect ? ", or there is no WebSocket at this path" : "");
  if (!is_encrypted(transport) || event.is_answered) {
    try_next(reason);
    return;
  }
  diagnosis_.start(broker.address, options_.tls, [this, reason](const std::string& diagnosis) {
    ConnectionEvent diagnosed;
    diagnosed.kind = ConnectionEvent::Kind::diagnosed;
    diagnosed.reason = diagnosis.empty() ? reason : diagnosis;
    events_.post(std::move(diagnosed));
  });
}

void Session::handle_loss(const ConnectionEvent& event) {
  // While connecting, the failure of the attempt is reported as such.
  if (state_ != State::subscribing && state_ != State::ready) return;
  if (event.is_taken_over) {
    state_ = State::waiting;
    subscribing_.abandon();
    drop_client();
    throw StartupError{
        ExitCode::refused,
        fmt::format("another client has taken over the session '{}' at {}; two loggers must not "
                    "share a client identifier: give one of them another with --client-id",
                    client_id_, name())};
  }
  // MQTT 3.1.1 brokers, and Mosquitto up to 2.0.11 at least, do not say so, and a bad network looks the same:
  // no reason to end.
  const bool was_short = Clock::now() - connected_since_ < kShortLife;
  short_lives_ = was_short ? short_lives_ + 1 : 0;
  if (short_lives_ == kSuspiciousLives) {
    log::error(
        "connections to {} do not last: does another client use the client identifier '{}' too? Then give "
        "one of them another with --client-id",
        name(), client_id_);
  }
  wait_for_next_round("connection lost: " + event.reason);
}

void Session::begin_subscribing(bool is_session_present) {
  state_ = State::subscribing;
  was_connected_ = true;
  brokers_.forget_refusals();
  is_session_present_ = is_session_present;
  connected_since_ = Clock::now();
  try {
    subscribing_.begin(*client_, brokers_.current().version, is_session_present);
    // Only now: while a message waits for room in the journal, the library lets nobody ask for anything.
    answer_due_ = Clock::now() + kAnswerPatience;
  } catch (const mqtt::exception& error) {
    drop_client();
    wait_for_next_round(error.what());
  }
}

bool Session::is_answer_overdue() {
  const auto now = Clock::now();
  if (now < answer_due_) return false;
  // Messages that came before the answer may wait for room in the journal: then it is not the broker's fault,
  // and the library's lock is held, so that asking it for anything would stop this thread as well.
  const bool is_held_up = inbox_.is_waiting();
  if (is_held_up) answer_due_ = now + kAnswerPatience;
  return !is_held_up;
}

void Session::report_connection() {
  connection_.broker = name();
  connection_.is_subscribed = true;
  connection_.since = std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
  connection_.filters.clear();
  for (const auto& [filter, qos] : subscribing_.made()) connection_.filters.push_back(filter);
  std::string filters;
  for (const auto& [filter, qos] : subscribing_.made()) filters += (filters.empty() ? "" : ", ") + filter;
  const MqttVersion version = brokers_.current().version;
  log::info("connected to {} (MQTT {}, {}), subscribed to {}", name(),
            version == MqttVersion::v5 ? "5" : "3.1.1",
            is_session_present_ ? "session resumed" : "new session", filters.empty() ? "nothing" : filters);
  report_.end(version, is_session_present_);
}

void Session::note_contact() {
  const auto now = Clock::now();
  if (now < next_contact_) return;
  next_contact_ = now + kContactInterval;
  journal_.note_contact(
      std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now()));
}

void Session::note_failure(const std::string& reason) {
  connection_.is_subscribed = false;
  connection_.since.reset();
  connection_.last_failure = reason;
  ++connection_.failures;
}

/// An attempt has failed.
void Session::try_next(const std::string& reason) {
  const std::string failed = name();
  if (!brokers_.advance()) {
    wait_for_next_round(reason);
    return;
  }
  drop_client();
  state_ = State::waiting;
  next_attempt_ = Clock::now();
  note_failure(reason);
  log::warning("no connection to {}: {}; trying {}", failed, reason, name());
}

void Session::wait_for_next_round(const std::string& reason) {
  state_ = State::waiting;
  subscribing_.abandon();
  const auto delay = backoff_.next();
  next_attempt_ = Clock::now() + delay;
  note_failure(reason);
  log::warning("no connection to {}: {}; trying again in {:.1f} s", name(), reason,
               std::chrono::duration<double>{delay}.count());
  if (brokers_.begin_round()) drop_client();
}

// While a message waits for room in the journal the library's lock is held: publishing would stop this thread
// as well.
void Session::publish_status(const std::string& payload) {
  if (state_ == State::ready && !inbox_.is_waiting()) status_topic_.publish(*client_, payload);
}

void Session::publish_last_status(const std::string& payload) {
  if (state_ == State::ready && !inbox_.is_waiting())
    status_topic_.publish_last(*client_, payload, kDisconnectPatience);
}

// The session stays at the broker; the next client takes it up as after a restart.
void Session::drop_client() noexcept {
  try {
    if (state_ == State::subscribing || state_ == State::ready)
      client_->disconnect()->wait_for(kDisconnectPatience);
  } catch (const std::exception& error) {
    log::debug("disconnect: {}", error.what());  // the connection is gone already
  }
  client_.reset();
  status_topic_.abandon();
}

void Session::stop() noexcept {
  diagnosis_.cancel();
  connection_.is_subscribed = false;
  connection_.since.reset();
  if (!client_) return;
  if (state_ == State::ready) {
    next_contact_ = {};
    note_contact();
  }
  inbox_.stop();
  crash_point("stop-begun");
  drop_client();
  crash_point("client-gone");
}

}  // namespace mqtt_logger
