#include "session.hpp"

#include "mqtt_logger/base/error.hpp"
#include "mqtt_logger/connection/connection.hpp"
#include "mqtt_logger/connection/library_trace.hpp"
#include "mqtt_logger/connection/websocket_answer.hpp"
#include "mqtt_logger/log/log.hpp"
#include "mqtt_logger/mqtt/subscriber.hpp"
#include "mqtt_logger/platform/crash_point.hpp"
#include "mqtt_logger/platform/network.hpp"

#include <algorithm>
#include <utility>

namespace mqtt_logger {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto kNothingDue = std::chrono::milliseconds{1h};
constexpr auto kDisconnectTimeout = 2s;
constexpr auto kAnswerTimeout = 10s;    // for what is asked for while subscribing
constexpr auto kConnectGrace = 5s;      // beyond --connect-timeout, which is the library's business
constexpr auto kContactInterval = 10s;  // how exactly is known when the broker was heard last
constexpr auto kShortLife = 5s;         // of a connection that does not last
constexpr int kSuspiciousLives = 3;     // so many short ones in a row

}  // namespace

Session::Session(const Options& options, Journal& journal, Receiver& receiver, Statistics& statistics,
                 std::function<void()> wake, std::function<void()> tell)
    : options_{options},
      client_id_{find_client_id(options)},
      journal_{journal},
      receiver_{receiver},
      adapter_{receiver},
      statistics_{statistics},
      brokers_{options, client_id_},
      subscription_manager_{options_, journal, calls_, wake},
      tell_{std::move(tell)},
      status_topic_{options.status_topic},
      events_{journal, brokers_, std::move(wake)} {
  reduce_library_trace();
  connection_.broker = name();
}

std::chrono::milliseconds Session::advance() {
  for (const ConnectionEvent& event : events_.take()) handle(event);
  advance_subscribing();
  if (state_ == State::connecting && connect_due_ && Clock::now() >= *connect_due_) {
    // The library has its own limit, but not for each step (a TLS handshake on Windows).
    drop_client();
    try_next(fmt::format("no answer within {} s",
                         std::chrono::ceil<std::chrono::seconds>(options_.connect_timeout).count()));
  }
  if (state_ == State::subscribing && is_answer_overdue()) {
    subscription_manager_.abandon(std::nullopt);
    drop_client();
    wait_for_next_round(fmt::format("the broker does not answer within {} s what it is asked for",
                                    std::chrono::seconds{kAnswerTimeout}.count()));
  }
  const auto now = Clock::now();
  if (state_ == State::subscribing) return std::chrono::ceil<std::chrono::milliseconds>(answer_due_ - now);
  if (state_ == State::ready) {
    note_contact();
    if (ends_silent_connection()) return advance();
    return std::min<std::chrono::milliseconds>(kContactInterval, silence_.interval());
  }
  if (state_ == State::connecting)
    return connect_due_ ? std::chrono::ceil<std::chrono::milliseconds>(*connect_due_ - now) : kNothingDue;
  if (now < next_attempt_) return std::chrono::ceil<std::chrono::milliseconds>(next_attempt_ - now);
  connect();
  return state_ == State::waiting ? advance() : options_.connect_timeout;
}

void Session::advance_subscribing() {
  if (state_ != State::subscribing) return;
  try {
    if (!subscription_manager_.advance(*client_)) return;
  } catch (const mqtt::exception& error) {
    log::debug("subscribing: {}", error.what());  // the connection is gone already, which is told as such
    return;
  }
  state_ = State::ready;
  backoff_.reset();
  report_connection();
}

void Session::make_client() {
  client_.reset();
  const Broker& broker = brokers_.current();
  bridge_ = make_bridge(options_, broker.address, broker.limits.keep_alive.value_or(options_.keep_alive),
                        [this] { return receiver_.is_receiving(); });
  adapter_.set_version(broker.version.current());
  store_.emplace(journal_, receiver_, broker.session, broker.version.current());
  client_.emplace(make_uri(broker.address, bridge_.get()), client_id_,
                  make_create_options(broker.version.current()), &*store_);
  adapter_.watch(*client_);
  events_.watch(*client_);
}

void Session::connect() {
  state_ = State::connecting;
  try {
    const Broker& broker = brokers_.current();
    if (!client_ || bridge_) make_client();  // a bridge is for one attempt
    report_.begin(journal_.last_contact(), journal_.has_session(broker.session));
    subscription_manager_.doubt(broker.session);
    receiver_.expect_more(subscription_manager_.may_bring_more());
    // On this object the properties were set: copies of it lose them in Paho C++ before 1.3.
    mqtt::connect_options connect = make_session_options(options_, broker, will_, max_packet_bytes());
    connect_due_.reset();
    if (!bridge_) {
      connect_due_ = Clock::now() + options_.connect_timeout + kConnectGrace;
      received_bytes_.begin(connection_port(options_, broker.address));
    }
    calls_.connect(*client_, connect, [this](const Response& response) { events_.on_response(response); });
    crash_point("connect-sent");
  } catch (const std::exception& error) {  // the library's, or that there can be no bridge
    try_next(error.what());
  }
}

void Session::handle(const ConnectionEvent& event) {
  switch (event.kind) {
    // An attempt that was given up may still be answered.
    case ConnectionEvent::Kind::connected:
      if (state_ == State::connecting) handle_connected(event);
      break;
    case ConnectionEvent::Kind::connect_failed:
      if (state_ == State::connecting) handle_failure(event);
      break;
    case ConnectionEvent::Kind::diagnosed:
      handle_diagnosis(event);
      break;
    case ConnectionEvent::Kind::lost:
      handle_loss(event);
      break;
  }
}

void Session::handle_connected(const ConnectionEvent& event) {
  statistics_.connects.add();
  connect_due_.reset();
  Broker& broker = brokers_.current();
  broker.version.note_connected();
  const auto used_keep_alive = std::exchange(broker.limits, event.limits).keep_alive;
  broker.limits.takes_retained = broker.limits.takes_retained && !broker.refuses_retained;
  if (broker.refuses_qos) broker.limits.maximum_qos = QoS::at_most_once;
  if (connects_again_for_keep_alive(used_keep_alive)) return;
  report_limits(event.limits);
  begin_subscribing(event.is_session_present);
}

// A broker may set its own keep alive (MQTT 5, section 3.2.2.3.14), and counts on it; Paho C before 1.3.14
// keeps to the one asked for, and is thrown out again and again.
bool Session::connects_again_for_keep_alive(std::optional<std::chrono::seconds> used) {
  Broker& broker = brokers_.current();
  const auto wanted = broker.limits.keep_alive;
  if (!wanted || *wanted == used.value_or(options_.keep_alive)) return false;
  if (std::exchange(broker.has_keep_alive_settled, true)) return false;
  log::info("the broker sets the keep alive to {} s; connecting again with it", wanted->count());
  state_ = State::subscribing;  // so that the client is disconnected in order
  drop_client();
  try_again_now();
  return true;
}

void Session::report_limits(const BrokerLimits& limits) {
  connection_.session_expiry =
      std::min(limits.session_expiry.value_or(options_.session_expiry), options_.session_expiry);
  if (limits == std::exchange(reported_limits_, limits)) return;
  if (limits.session_expiry && *limits.session_expiry < options_.session_expiry) {
    log::warning("the broker keeps messages for {} while the logger is away, not for {} (--session-expiry)",
                 describe_duration(*limits.session_expiry), describe_duration(options_.session_expiry));
  }
  if (!limits.assigned_client_id.empty())
    log::warning("the broker names this client '{}'", limits.assigned_client_id);
  const std::string publishing = describe_publishing_limits(limits);
  if (!options_.status_topic.empty() && !publishing.empty())
    log::info("the broker takes {}: the status topic keeps to that", publishing);
}

void Session::handle_failure(const ConnectionEvent& event) {
  connect_due_.reset();
  const auto end = bridge_ ? bridge_->failure() : std::nullopt;
  is_refused_ = is_answered(event.failure);
  if (is_answered(event.failure)) subscription_manager_.mark_confirmed();  // so there is no new session
  Broker& broker = brokers_.current();
  if (event.failure == ConnectFailure::version_refused && broker.version.take_older()) {
    log::warning("the broker does not speak MQTT 5; continuing with MQTT 3.1.1");
    drop_client();
    try_again_now();
    return;
  }
  if (tries_without(event.failure)) return;
  if (event.failure == ConnectFailure::refused_for_good) {
    broker.is_refusing = true;
    const bool is_anonymous = options_.credentials.username.empty();
    const std::string advice = is_anonymous ? " (no --username is given)" : "";
    const std::string reason =
        fmt::format("the broker at {} refuses this client: {}{}", name(), event.reason, advice);
    // Once it has taken us, a change at the broker is more likely than a mistake of the user: it may be
    // undone.
    if (!was_connected_ && brokers_.are_all_refusing()) throw StartupError{ExitCode::refused, reason};
    try_next("it refuses this client: " + event.reason + advice);
    return;
  }
  if (is_answered(event.failure)) {
    try_next(event.reason);
    return;
  }
  if (end) {
    const bool is_from_broker =
        end->failure == ConnectFailure::closed || end->failure == ConnectFailure::silent;
    if (!is_from_broker || !tries_older_version(end->failure)) try_next(end->reason);
    return;
  }
  if (event.failure == ConnectFailure::closed && !is_encrypted(broker.address.transport)) {
    if (!tries_older_version(event.failure)) try_next(event.reason);
    return;
  }
  failure_ = event.failure;
  failure_reason_ = event.reason;
  diagnosis_.start(broker.address, options_, [this](Diagnosis diagnosis) {
    ConnectionEvent diagnosed;
    diagnosed.kind = ConnectionEvent::Kind::diagnosed;
    diagnosed.reason = std::move(diagnosis.reason);
    diagnosed.address = std::move(diagnosis.address);
    events_.post(std::move(diagnosed));
  });
}

// Of the will a broker may refuse what it does not take, before it could tell us.
bool Session::tries_without(ConnectFailure failure) {
  Broker& broker = brokers_.current();
  if (failure == ConnectFailure::retain_refused && !std::exchange(broker.refuses_retained, true)) {
    broker.limits.takes_retained = false;
    log::warning("the broker takes nothing retained; the status topic does without");
  } else if (failure == ConnectFailure::qos_refused && !std::exchange(broker.refuses_qos, true)) {
    broker.limits.maximum_qos = QoS::at_most_once;
    log::warning("the broker takes QoS 0 only; the status topic keeps to that");
  } else {
    return false;
  }
  drop_client();
  try_again_now();
  return true;
}

bool Session::tries_older_version(ConnectFailure failure) {
  switch (brokers_.current().version.note_unanswered()) {
    case VersionChoice::Next::same:
      return false;
    case VersionChoice::Next::wanted:
      drop_client();
      return false;
    case VersionChoice::Next::doubtful:
      // Silence takes long, so it is the next broker's turn; one that closes the connection is asked at once,
      // before another one is preferred to it.
      if (failure != ConnectFailure::closed || !brokers_.has_next()) return false;
      log::warning(
          "no connection to {}: it closes the connection instead of an answer to CONNECT; trying again",
          name());
      break;
    case VersionChoice::Next::older:
      log::warning("{} does not answer a CONNECT of MQTT 5; trying MQTT 3.1.1", name());
      drop_client();
      break;
  }
  try_again_now();
  return true;
}

void Session::handle_diagnosis(const ConnectionEvent& event) {
  if (state_ != State::connecting) return;
  const Broker& broker = brokers_.current();
  const bool is_new_address = !event.address.empty() && event.address != address_in_use_;
  if (!event.address.empty()) address_in_use_ = event.address;
  if (!event.reason.empty()) {
    try_next(event.reason);
  } else if (failure_ == ConnectFailure::no_connection && is_new_address) {
    try_again_now();  // the library had tried another address of that name
  } else if (failure_ == ConnectFailure::no_connection || !tries_older_version(failure_)) {
    const std::string silent =
        fmt::format("it takes the connection, and does not answer within {} s",
                    std::chrono::ceil<std::chrono::seconds>(options_.connect_timeout).count());
    const std::string reason = failure_ == ConnectFailure::silent ? silent : failure_reason_;
    try_next(is_websocket(broker.address.transport) ? reason + ", or there is no WebSocket at this path"
                                                    : reason);
  }
}

void Session::try_again_now() {
  state_ = State::waiting;
  next_attempt_ = Clock::now();
}

void Session::handle_loss(const ConnectionEvent& event) {
  // While connecting, the failure of the attempt is reported as such.
  if (state_ != State::subscribing && state_ != State::ready) return;
  subscription_manager_.abandon(event.disconnect_reason);
  if (event.disconnect_reason == mqtt::ReasonCode::SESSION_TAKEN_OVER) {
    state_ = State::waiting;
    note_end();
    drop_client();
    throw StartupError{
        ExitCode::refused,
        fmt::format("another client has taken over the session '{}' at {}; two loggers must not "
                    "share a client identifier: give one of them another with --client-id",
                    client_id_, name())};
  }
  if (event.disconnect_reason == mqtt::ReasonCode::RETAIN_NOT_SUPPORTED)
    brokers_.current().refuses_retained = true;
  if (event.disconnect_reason == mqtt::ReasonCode::QOS_NOT_SUPPORTED) brokers_.current().refuses_qos = true;
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
  // One that has brought messages was good, also if it ended before we were subscribed: the answer to that
  // comes behind all that a session has kept.
  is_refused_ = false;
  if (state_ == State::ready || statistics_.received.get() != received_before_) {
    backoff_.note_good_end();
  }
  const auto end = bridge_ && !event.disconnect_reason ? bridge_->failure() : std::nullopt;
  wait_for_next_round("connection lost: " + (end ? end->reason : event.reason));
}

void Session::begin_subscribing(bool is_session_present) {
  state_ = State::subscribing;
  was_connected_ = true;
  brokers_.forget_refusals();
  is_session_present_ = is_session_present;
  connected_since_ = Clock::now();
  received_before_ = statistics_.received.get();
  silence_ =
      Silence{options_.connect_timeout, brokers_.current().limits.keep_alive.value_or(options_.keep_alive)};
  silence_.begin(connected_since_);
  received_bytes_.settle();
  try {
    const Broker& broker = brokers_.current();
    subscription_manager_.begin(*client_, broker.version.current(), broker.limits, is_session_present);
    receiver_.expect_more(subscription_manager_.may_bring_more());
    // Only now: while a message waits for room in the journal, the library lets nobody ask for anything.
    answer_due_ = Clock::now() + kAnswerTimeout;
  } catch (const mqtt::exception& error) {
    drop_client();
    wait_for_next_round(error.what());
  }
}

bool Session::is_answer_overdue() {
  const auto now = Clock::now();
  if (now < answer_due_) return false;
  // Messages that came before the answer may wait for room in the journal: then it is not the broker's fault.
  const bool is_held_up = receiver_.is_receiving();
  if (is_held_up) answer_due_ = now + kAnswerTimeout;
  return !is_held_up;
}

void Session::report_connection() {
  connection_.broker = name();
  connection_.is_subscribed = true;
  connection_.since = std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
  connection_.filters.clear();
  for (const auto& [filter, qos] : subscription_manager_.granted()) connection_.filters.push_back(filter);
  std::string filters;
  for (const auto& [filter, qos] : subscription_manager_.granted())
    filters += (filters.empty() ? "" : ", ") + filter;
  const MqttVersion version = brokers_.current().version.current();
  log::info("connected to {} (MQTT {}, {}), subscribed to {}", name(),
            version == MqttVersion::v5 ? "5" : "3.1.1",
            is_session_present_ ? "session resumed" : "new session", filters.empty() ? "nothing" : filters);
  report_.end(version, is_session_present_, connection_.session_expiry);
  report_largest_packet(version);
  tell_();
}

// A larger message would cost the library several times its size in memory, only to be dropped.
std::uint64_t Session::max_packet_bytes() const noexcept {
  return options_.max_packet_bytes != 0 ? options_.max_packet_bytes : journal_.max_record_bytes();
}

// What the broker does not send, nobody counts.
void Session::report_largest_packet(MqttVersion version) {
  if (version != MqttVersion::v5 || options_.max_packet_bytes != 0) return;
  if (std::exchange(is_largest_packet_said_, true)) return;
  log::info(
      "the broker is asked for messages of at most {} bytes, which is what the journal takes: it drops "
      "larger ones itself; --journal-size makes that more",
      max_packet_bytes());
}

/// A bridge does that itself. The library notices after two and a half of the keep alive, which is all that
/// there is where the system does not count what comes.
bool Session::ends_silent_connection() {
  if (bridge_) return false;
  const auto bytes = received_bytes_.count();
  if (!bytes) return false;
  const auto lasted = silence_.check(Clock::now(), *bytes, receiver_.is_receiving());
  if (!lasted) return false;
  subscription_manager_.abandon(std::nullopt);
  note_end();
  drop_client();
  backoff_.note_good_end();
  wait_for_next_round("connection lost: " + silence_.describe(*lasted));
  return true;
}

void Session::note_contact() {
  const auto now = Clock::now();
  if (now < next_contact_) return;
  next_contact_ = now + kContactInterval;
  journal_.note_contact(
      std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now()));
}

void Session::note_failure(const std::string& reason) {
  connection_.last_failure = reason;
  ++connection_.failures;
  note_end();
}

// Told before anything is asked of the library, which may make us wait.
void Session::note_end() {
  connection_.is_subscribed = false;
  connection_.since.reset();
  tell_();
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
  const auto delay = backoff_.next(is_refused_);
  next_attempt_ = Clock::now() + delay;
  note_failure(reason);
  log::warning("no connection to {}: {}; trying again in {:.1f} s", name(), reason,
               std::chrono::duration<double>{delay}.count());
  if (brokers_.begin_round()) drop_client();
}

// While a message waits for room in the journal the library's lock is held: publishing would stop this
// thread, and the status be old when it goes out.
void Session::publish_status(const std::string& payload) {
  if (state_ == State::ready && !receiver_.is_waiting())
    status_topic_.publish(*client_, payload, brokers_.current().limits);
}

void Session::publish_last_status(const std::string& payload) {
  if (state_ == State::ready && !receiver_.is_waiting())
    status_topic_.publish_last(*client_, payload, brokers_.current().limits, kDisconnectTimeout);
}

// The session stays at the broker; the next client takes it up as after a restart.
void Session::drop_client() noexcept {
  try {
    if (state_ == State::subscribing || state_ == State::ready)
      client_->disconnect()->wait_for(kDisconnectTimeout);
  } catch (const std::exception& error) {
    log::debug("disconnect: {}", error.what());  // the connection is gone already
  }
  client_.reset();
  bridge_.reset();
  status_topic_.abandon();
}

void Session::stop() noexcept {
  diagnosis_.cancel();
  note_end();
  if (!client_) return;
  if (state_ == State::ready) {
    next_contact_ = {};
    note_contact();
  }
  crash_point("stop-begun");
  drop_client();
  crash_point("client-gone");
}

}  // namespace mqtt_logger
