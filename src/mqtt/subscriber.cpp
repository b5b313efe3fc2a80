#include "mqtt_logger/mqtt/subscriber.hpp"

#include "mqtt_logger/error.hpp"
#include "mqtt_logger/journal/crash_point.hpp"
#include "mqtt_logger/log.hpp"
#include "mqtt_logger/mqtt/backoff.hpp"

#include "connection.hpp"
#include "intake.hpp"
#include "library_trace.hpp"
#include "mailbox.hpp"
#include "session_store.hpp"
#include "status_topic.hpp"
#include "subscribing.hpp"

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
constexpr auto kAnswerPatience = 10s;  // for what is asked for while subscribing

/// What the library's threads report of the connection.
struct Event {
  enum class Kind : std::uint8_t { connected, connect_failed, lost };
  Kind kind{};
  std::string reason;  // of a failure, in words
  bool is_session_present = false;
  bool is_refused_for_good = false;
  bool is_version_refused = false;
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
        version_{options.mqtt_version},
        subscribing_{options_, journal, wake},
        status_topic_{options.status_topic},
        events_{std::move(wake)} {
    reduce_library_trace();
  }

  std::chrono::milliseconds advance();
  [[nodiscard]] bool is_subscribed() const noexcept { return state_ == State::ready; }
  void set_will(std::string payload) { will_ = std::move(payload); }
  void publish_status(const std::string& payload);
  void publish_last_status(const std::string& payload);
  void stop() noexcept;

 private:
  enum class State : std::uint8_t { waiting, connecting, subscribing, ready };

  void make_client();
  void connect();
  void handle(const Event& event);
  void begin_subscribing(bool is_session_present);
  [[nodiscard]] bool is_answer_overdue();
  void report_connection() const;
  void try_again(const std::string& reason);
  void drop_client() noexcept;

  void on_success(const mqtt::token& token) override;
  void on_failure(const mqtt::token& token) override;
  void on_lost(const std::string& reason);

  const Options options_;
  const std::string client_id_;
  std::string will_;
  Journal& journal_;
  Inbox& inbox_;
  Intake intake_;
  Statistics& statistics_;

  MqttVersion version_;
  State state_ = State::waiting;
  Backoff backoff_;
  Clock::time_point next_attempt_ = Clock::now();
  Clock::time_point answer_due_;
  bool was_connected_ = false;
  bool is_session_present_ = false;
  Subscribing subscribing_;

  StatusTopic status_topic_;
  Mailbox<Event> events_;
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
    try_again(fmt::format("the broker does not answer within {} s what it is asked for",
                          std::chrono::seconds{kAnswerPatience}.count()));
  }
  const auto now = Clock::now();
  if (state_ == State::subscribing) return std::chrono::ceil<std::chrono::milliseconds>(answer_due_ - now);
  if (state_ != State::waiting) return kNothingDue;
  if (now < next_attempt_) return std::chrono::ceil<std::chrono::milliseconds>(next_attempt_ - now);
  connect();
  return state_ == State::waiting ? advance() : kNothingDue;
}

void Subscriber::Impl::make_client() {
  client_.reset();
  intake_.set_version(version_);
  store_.emplace(journal_, inbox_, version_);
  client_.emplace(make_uri(options_.broker), client_id_, make_create_options(version_), &*store_);
  // Before connect(): messages of a kept session come right behind CONNACK.
  client_->set_message_callback(
      [this](const mqtt::const_message_ptr& message) { intake_.receive(*message); });
  client_->set_connection_lost_handler([this](const std::string& cause) { on_lost(cause); });
  client_->set_disconnected_handler([this](const mqtt::properties& properties, mqtt::ReasonCode code) {
    on_lost("the broker says: " + describe_disconnect(properties, code));
  });
}

void Subscriber::Impl::connect() {
  state_ = State::connecting;
  try {
    if (!client_) make_client();
    subscribing_.doubt();
    // set_properties() happened on the object that is passed: copies of it lose them in Paho C++ before 1.3.
    client_->connect(make_session_options(options_, version_, will_), nullptr, *this);
    crash_point("connect-sent");
  } catch (const mqtt::exception& error) {
    try_again(error.what());
  }
}

void Subscriber::Impl::handle(const Event& event) {
  switch (event.kind) {
    case Event::Kind::connected:
      statistics_.connects.add();
      begin_subscribing(event.is_session_present);
      break;
    case Event::Kind::connect_failed:
      if (event.is_version_refused || event.is_refused_for_good)  // so there is no new session
        subscribing_.end_doubt();
      if (event.is_version_refused && version_ == MqttVersion::v5) {
        log::warning("the broker does not speak MQTT 5; going on with MQTT 3.1.1");
        version_ = MqttVersion::v3_1_1;
        client_.reset();
        next_attempt_ = Clock::now();
        state_ = State::waiting;
        break;
      }
      if (event.is_refused_for_good && !was_connected_) {
        throw StartupError{ExitCode::refused,
                           fmt::format("the broker at {}:{} refuses this client: {}", options_.broker.host,
                                       options_.broker.port, event.reason)};
      }
      try_again(event.reason);
      break;
    case Event::Kind::lost:
      // While connecting, the failure of the attempt is reported as such.
      if (state_ == State::subscribing || state_ == State::ready)
        try_again("connection lost: " + event.reason);
      break;
  }
}

void Subscriber::Impl::begin_subscribing(bool is_session_present) {
  state_ = State::subscribing;
  was_connected_ = true;
  is_session_present_ = is_session_present;
  try {
    subscribing_.begin(*client_, version_, is_session_present);
    // Only now: while a message waits for room in the journal, the library lets nobody ask for anything.
    answer_due_ = Clock::now() + kAnswerPatience;
  } catch (const mqtt::exception& error) {
    drop_client();
    try_again(error.what());
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

void Subscriber::Impl::report_connection() const {
  std::string filters;
  for (const auto& [filter, qos] : subscribing_.made()) filters += (filters.empty() ? "" : ", ") + filter;
  log::info("connected to {}:{} (MQTT {}, {}), subscribed to {}", options_.broker.host, options_.broker.port,
            version_ == MqttVersion::v5 ? "5" : "3.1.1",
            is_session_present_ ? "session resumed" : "new session", filters.empty() ? "nothing" : filters);
}

void Subscriber::Impl::try_again(const std::string& reason) {
  state_ = State::waiting;
  subscribing_.abandon();
  const auto delay = backoff_.next();
  next_attempt_ = Clock::now() + delay;
  log::warning("no connection to {}:{}: {}; trying again in {:.1f} s", options_.broker.host,
               options_.broker.port, reason, std::chrono::duration<double>{delay}.count());
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
  if (!client_) return;
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
  if (!event.is_session_present) journal_.forget_session();
  events_.post(std::move(event));
}

void Subscriber::Impl::on_failure(const mqtt::token& token) {
  Event event;
  event.kind = Event::Kind::connect_failed;
  event.reason = describe_failure(token);
  event.is_refused_for_good = is_refused_for_good(token);
  event.is_version_refused = is_version_refused(token);
  events_.post(std::move(event));
}

void Subscriber::Impl::on_lost(const std::string& reason) {
  Event event;
  event.kind = Event::Kind::lost;
  event.reason = reason.empty() ? "the broker closed it, fell silent, or broke the protocol" : reason;
  events_.post(std::move(event));
}

Subscriber::Subscriber(const Options& options, Journal& journal, Inbox& inbox, Statistics& statistics,
                       std::function<void()> wake)
    : impl_{std::make_unique<Impl>(options, journal, inbox, statistics, std::move(wake))} {}

Subscriber::~Subscriber() {
  stop();
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

void Subscriber::stop() noexcept {
  impl_->stop();
}

}  // namespace mqtt_logger
