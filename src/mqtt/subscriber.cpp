#include "mqtt_logger/mqtt/subscriber.hpp"

#include "mqtt_logger/error.hpp"
#include "mqtt_logger/journal/crash_point.hpp"
#include "mqtt_logger/log.hpp"
#include "mqtt_logger/mqtt/backoff.hpp"

#include "brokers.hpp"
#include "connection.hpp"
#include "intake.hpp"
#include "library_trace.hpp"
#include "mailbox.hpp"
#include "session_report.hpp"
#include "session_store.hpp"
#include "status_topic.hpp"
#include "subscribing.hpp"
#include "tls_diagnosis.hpp"

#include <mqtt/async_client.h>

#include <algorithm>
#include <optional>
#include <string>
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

/// What the library's threads report of the connection.
struct Event {
  enum class Kind : std::uint8_t { connected, connect_failed, diagnosed, lost };
  Kind kind{};
  std::string reason;  // of a failure, in words
  bool is_session_present = false;
  bool is_refused_for_good = false;
  bool is_version_refused = false;
  bool is_answered = false;    // the failure is the broker's own word
  bool is_taken_over = false;  // another client has this session now
};

}  // namespace

/// The connection: when to make it, and what becomes of it.
///
/// Threads: on_success(), on_failure() and on_lost() on the library's threads, under its lock;
///          all else on the main thread.
struct Subscriber::Impl final : private mqtt::iaction_listener {
  Impl(const Options& options, Journal& journal, Inbox& inbox, Statistics& statistics,
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
        events_{std::move(wake)} {
    reduce_library_trace();
    connection_.broker = name();
  }

  std::chrono::milliseconds advance();
  [[nodiscard]] bool is_subscribed() const noexcept { return state_ == State::ready; }
  void set_will(std::string payload) { will_ = std::move(payload); }
  void publish_status(const std::string& payload);
  void publish_last_status(const std::string& payload);
  [[nodiscard]] const BrokerAddress& broker() const noexcept { return brokers_.current().address; }
  [[nodiscard]] const ConnectionStatus& connection() const noexcept { return connection_; }
  void stop() noexcept;

 private:
  enum class State : std::uint8_t { waiting, connecting, subscribing, ready };

  void make_client();
  void connect();
  void handle(const Event& event);
  void begin_subscribing(bool is_session_present);
  [[nodiscard]] bool is_answer_overdue();
  void report_connection();
  void handle_failure(const Event& event);
  void handle_loss(const Event& event);
  void note_contact();
  void note_failure(const std::string& reason);
  void try_next(const std::string& reason);
  void wait_for_next_round(const std::string& reason);
  [[nodiscard]] std::string name() const { return to_string(brokers_.current().address); }
  void drop_client() noexcept;

  void on_success(const mqtt::token& token) override;
  void on_failure(const mqtt::token& token) override;
  void on_lost(const std::string& reason, bool is_taken_over);

  const Options options_;
  const std::string client_id_;
  std::string will_;
  Journal& journal_;
  Inbox& inbox_;
  Intake intake_;
  Statistics& statistics_;

  Brokers brokers_;
  State state_ = State::waiting;
  Backoff backoff_;
  Clock::time_point next_attempt_ = Clock::now();
  Clock::time_point answer_due_;
  bool was_connected_ = false;
  bool is_session_present_ = false;
  Clock::time_point connected_since_;
  Clock::time_point next_contact_;
  int short_lives_ = 0;  // connections that did not last, in a row
  SessionReport report_{options_};
  Subscribing subscribing_;
  ConnectionStatus connection_;

  StatusTopic status_topic_;
  Mailbox<Event> events_;
  TlsDiagnosis diagnosis_;
  std::optional<SessionStore> store_;
  std::optional<mqtt::async_client> client_;  // last: its threads call the members above until it is gone
};

std::chrono::milliseconds Subscriber::Impl::advance() {
  for (const Event& event : events_.take()) handle(event);
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

void Subscriber::Impl::make_client() {
  client_.reset();
  const Broker& broker = brokers_.current();
  intake_.set_version(broker.version);
  store_.emplace(journal_, inbox_, broker.session, broker.version);
  client_.emplace(make_uri(broker.address), client_id_, make_create_options(broker.version), &*store_);
  // Before connect(): messages of a kept session come right behind CONNACK.
  client_->set_message_callback(
      [this](const mqtt::const_message_ptr& message) { intake_.receive(*message); });
  client_->set_connection_lost_handler([this](const std::string& cause) { on_lost(cause, false); });
  client_->set_disconnected_handler([this](const mqtt::properties& properties, mqtt::ReasonCode code) {
    on_lost("the broker says: " + describe_disconnect(properties, code),
            code == mqtt::ReasonCode::SESSION_TAKEN_OVER);
  });
}

void Subscriber::Impl::connect() {
  state_ = State::connecting;
  try {
    if (!client_) make_client();
    const Broker& broker = brokers_.current();
    report_.begin(journal_.has_session(broker.session) ? journal_.last_contact() : std::nullopt);
    subscribing_.doubt();
    // set_properties() happened on the object that is passed: copies of it lose them in Paho C++ before 1.3.
    client_->connect(make_session_options(options_, broker.address, broker.version, will_), nullptr, *this);
    crash_point("connect-sent");
  } catch (const mqtt::exception& error) {
    try_next(error.what());
  }
}

void Subscriber::Impl::handle(const Event& event) {
  switch (event.kind) {
    case Event::Kind::connected:
      statistics_.connects.add();
      begin_subscribing(event.is_session_present);
      break;
    case Event::Kind::connect_failed:
      handle_failure(event);
      break;
    case Event::Kind::diagnosed:
      try_next(event.reason);
      break;
    case Event::Kind::lost:
      handle_loss(event);
      break;
  }
}

void Subscriber::Impl::handle_failure(const Event& event) {
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
    Event diagnosed;
    diagnosed.kind = Event::Kind::diagnosed;
    diagnosed.reason = diagnosis.empty() ? reason : diagnosis;
    events_.post(std::move(diagnosed));
  });
}

void Subscriber::Impl::handle_loss(const Event& event) {
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

void Subscriber::Impl::begin_subscribing(bool is_session_present) {
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

bool Subscriber::Impl::is_answer_overdue() {
  const auto now = Clock::now();
  if (now < answer_due_) return false;
  // Messages that came before the answer may wait for room in the journal: then it is not the broker's fault,
  // and the library's lock is held, so that asking it for anything would stop this thread as well.
  const bool is_held_up = inbox_.is_waiting();
  if (is_held_up) answer_due_ = now + kAnswerPatience;
  return !is_held_up;
}

void Subscriber::Impl::report_connection() {
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

void Subscriber::Impl::note_contact() {
  const auto now = Clock::now();
  if (now < next_contact_) return;
  next_contact_ = now + kContactInterval;
  journal_.set_last_contact(
      std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now()));
}

void Subscriber::Impl::note_failure(const std::string& reason) {
  connection_.is_subscribed = false;
  connection_.since.reset();
  connection_.last_failure = reason;
  ++connection_.failures;
}

/// An attempt has failed.
void Subscriber::Impl::try_next(const std::string& reason) {
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

void Subscriber::Impl::wait_for_next_round(const std::string& reason) {
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
void Subscriber::Impl::publish_status(const std::string& payload) {
  if (state_ == State::ready && !inbox_.is_waiting()) status_topic_.publish(*client_, payload);
}

void Subscriber::Impl::publish_last_status(const std::string& payload) {
  if (state_ == State::ready && !inbox_.is_waiting())
    status_topic_.publish_last(*client_, payload, kDisconnectPatience);
}

// The session stays at the broker; the next client takes it up as after a restart.
void Subscriber::Impl::drop_client() noexcept {
  try {
    if (state_ == State::subscribing || state_ == State::ready)
      client_->disconnect()->wait_for(kDisconnectPatience);
  } catch (const std::exception& error) {
    log::debug("disconnect: {}", error.what());  // the connection is gone already
  }
  client_.reset();
  status_topic_.abandon();
}

void Subscriber::Impl::stop() noexcept {
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

void Subscriber::Impl::on_success(const mqtt::token& token) {
  Event event;
  event.kind = Event::Kind::connected;
  event.is_session_present = token.get_connect_response().is_session_present();
  crash_point("connect-answered");
  // On this thread, before any message of the new session.
  journal_.begin_session(brokers_.current().session, event.is_session_present);
  events_.post(std::move(event));
}

void Subscriber::Impl::on_failure(const mqtt::token& token) {
  Event event;
  event.kind = Event::Kind::connect_failed;
  event.reason = describe_failure(token);
  event.is_refused_for_good = is_refused_for_good(token);
  event.is_version_refused = is_version_refused(token);
  event.is_answered = is_answered(token);
  events_.post(std::move(event));
}

void Subscriber::Impl::on_lost(const std::string& reason, bool is_taken_over) {
  Event event;
  event.kind = Event::Kind::lost;
  event.is_taken_over = is_taken_over;
  event.reason = reason.empty() ? "the broker closed it, fell silent, or broke the protocol" : reason;
  events_.post(std::move(event));
}

Subscriber::Subscriber(const Options& options, Journal& journal, Inbox& inbox, Statistics& statistics,
                       std::function<void()> wake)
    : impl_{std::make_unique<Impl>(options, journal, inbox, statistics, std::move(wake))} {}

Subscriber::~Subscriber() {
  stop();
}

const BrokerAddress& Subscriber::broker() const noexcept {
  return impl_->broker();
}

std::chrono::milliseconds Subscriber::advance() {
  return impl_->advance();
}

void Subscriber::set_will(std::string payload) {
  impl_->set_will(std::move(payload));
}

void Subscriber::publish_status(const std::string& payload) {
  impl_->publish_status(payload);
}

void Subscriber::publish_last_status(const std::string& payload) {
  impl_->publish_last_status(payload);
}

bool Subscriber::is_subscribed() const noexcept {
  return impl_->is_subscribed();
}

const ConnectionStatus& Subscriber::connection() const noexcept {
  return impl_->connection();
}

void Subscriber::stop() noexcept {
  impl_->stop();
}

}  // namespace mqtt_logger
