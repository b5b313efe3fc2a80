#include "mqtt_logger/mqtt/subscriber.hpp"

#include "mqtt_logger/error.hpp"
#include "mqtt_logger/journal/crash_point.hpp"
#include "mqtt_logger/log.hpp"
#include "mqtt_logger/mqtt/backoff.hpp"
#include "mqtt_logger/mqtt/subscriptions.hpp"

#include "connection.hpp"
#include "received_message.hpp"
#include "session_store.hpp"

#include <mqtt/async_client.h>

#include <algorithm>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace mqtt_logger {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto kNothingDue = std::chrono::milliseconds{1h};
constexpr auto kDisconnectPatience = 2s;

/// What the library's threads report to the main thread.
struct Event {
  enum class Kind : std::uint8_t {
    connected,
    connect_failed,
    subscribed,
    subscribe_failed,
    unsubscribed,
    lost
  };
  Kind kind{};
  std::string reason;      // of a failure, in words
  std::size_t filter = 0;  // which of `pending_filters_` a subscribe was for
  bool is_session_present = false;
  bool is_refused_for_good = false;
  bool is_version_refused = false;
};

}  // namespace

/// Threads: on_success(), on_failure(), on_lost() and on_message() on the library's threads, under its lock;
/// all else on the main
///          thread. So mutex_ is never held while the library is called.
struct Subscriber::Impl final : private mqtt::iaction_listener {
  Impl(const Options& options, Journal& journal, Inbox& inbox, Statistics& statistics,
       std::function<void()> wake)
      : options_{options},
        client_id_{find_client_id(options)},
        journal_{journal},
        inbox_{inbox},
        statistics_{statistics},
        wake_{std::move(wake)},
        version_{options.mqtt_version} {}

  std::chrono::milliseconds advance();
  [[nodiscard]] bool is_subscribed() const noexcept { return state_ == State::ready; }
  void stop() noexcept;

 private:
  enum class State : std::uint8_t { waiting, connecting, subscribing, ready };

  void make_client();
  void connect();
  void doubt_subscriptions();
  void handle(const Event& event);
  void begin_subscribing(bool is_session_present);
  void finish_subscribing();
  void try_again(const std::string& reason);

  void on_success(const mqtt::token& token) override;
  void on_failure(const mqtt::token& token) override;
  void on_lost(const std::string& reason);
  void on_message(const mqtt::const_message_ptr& message) noexcept;
  void post(Event event);

  const Options options_;
  const std::string client_id_;
  Journal& journal_;
  Inbox& inbox_;
  Statistics& statistics_;
  const std::function<void()> wake_;

  MqttVersion version_;
  State state_ = State::waiting;
  Backoff backoff_;
  Clock::time_point next_attempt_ = Clock::now();
  bool was_connected_ = false;
  bool is_session_present_ = false;
  Subscriptions kept_;  // of the session, as long as the broker has not told that it is a new one
  std::vector<std::string> pending_filters_;  // subscribes whose answer is awaited, by Event::filter
  std::size_t answers_due_ = 0;
  std::set<std::string> refused_;

  std::string properties_;  // callback thread: bytes of the message at hand

  std::mutex mutex_;  // guards events_
  std::vector<Event> events_;

  std::optional<SessionStore> store_;
  std::optional<mqtt::async_client> client_;  // last: its threads call the members above until it is gone
};

std::chrono::milliseconds Subscriber::Impl::advance() {
  std::vector<Event> events;
  {
    const std::lock_guard lock{mutex_};
    events.swap(events_);
  }
  for (const Event& event : events) handle(event);
  if (state_ != State::waiting) return kNothingDue;
  const auto now = Clock::now();
  if (now < next_attempt_) return std::chrono::ceil<std::chrono::milliseconds>(next_attempt_ - now);
  connect();
  return state_ == State::waiting ? advance() : kNothingDue;
}

void Subscriber::Impl::make_client() {
  client_.reset();
  store_.emplace(journal_, inbox_, version_);
  client_.emplace(make_uri(options_.broker), client_id_, make_create_options(version_), &*store_);
  // Before connect(): messages of a kept session come right behind CONNACK.
  client_->set_message_callback([this](const mqtt::const_message_ptr& message) { on_message(message); });
  client_->set_connection_lost_handler([this](const std::string& cause) { on_lost(cause); });
  client_->set_disconnected_handler([this](const mqtt::properties&, mqtt::ReasonCode code) {
    on_lost("the broker says: " + mqtt::exception::reason_code_str(code));
  });
}

void Subscriber::Impl::connect() {
  state_ = State::connecting;
  try {
    if (!client_) make_client();
    doubt_subscriptions();
    // set_properties() happened on the object that is passed: copies of it lose them in Paho C++ before 1.3.
    client_->connect(make_session_options(options_, version_), nullptr, *this);
    crash_point("connect-sent");
  } catch (const mqtt::exception& error) {
    try_again(error.what());
  }
}

// From here on the broker may make a new session, which is subscribed to nothing, and we may never be told:
// this process may be killed before the answer is handled, or the answer be lost. The next attempt would find
// that session and take it for ours. So until begin_subscribing() no subscription counts as made. (In
// MQTT 3.1.1 making it again brings retained messages again; silence for ever would be worse.)
void Subscriber::Impl::doubt_subscriptions() {
  kept_ = read_subscriptions(journal_.subscriptions());
  journal_.set_subscriptions(write_subscriptions(as_unanswered(kept_)));
}

void Subscriber::Impl::handle(const Event& event) {
  switch (event.kind) {
    case Event::Kind::connected:
      statistics_.connects.add();
      begin_subscribing(event.is_session_present);
      break;
    case Event::Kind::connect_failed:
      if (event.is_version_refused || event.is_refused_for_good)  // so there is no new session
        journal_.set_subscriptions(write_subscriptions(kept_));
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
    case Event::Kind::subscribe_failed:
      if (state_ != State::subscribing) break;
      refused_.insert(pending_filters_[event.filter]);
      log::error("the broker refuses the topic filter '{}': {}; nothing of it is logged",
                 pending_filters_[event.filter], event.reason);
      [[fallthrough]];
    case Event::Kind::subscribed:
    case Event::Kind::unsubscribed:
      if (state_ == State::subscribing && --answers_due_ == 0) finish_subscribing();
      break;
    case Event::Kind::lost:
      // While connecting, the failure of the attempt is reported as such.
      if (state_ == State::subscribing || state_ == State::ready)
        try_again("connection lost: " + event.reason);
      break;
  }
}

// Asks for what the session at the broker is not subscribed to yet, and only for that: a subscription that is
// made again brings all retained messages again (MQTT 3.1.1, section 3.8.4).
void Subscriber::Impl::begin_subscribing(bool is_session_present) {
  state_ = State::subscribing;
  was_connected_ = true;
  is_session_present_ = is_session_present;
  refused_.clear();

  const Subscriptions kept = is_session_present ? std::exchange(kept_, {}) : Subscriptions{};
  const Subscriptions wanted = make_subscriptions(options_);
  const Subscriptions missing = difference(wanted, kept);
  const std::vector<std::string> stale = filters_only_in(kept, wanted);
  // Whatever happens from here on, this names all that the session may be subscribed to.
  journal_.set_subscriptions(write_subscriptions(add_unanswered(kept, wanted)));
  crash_point("subscribe-begun");

  pending_filters_.clear();
  answers_due_ = missing.size() + stale.size();
  mqtt::subscribe_options subscribe;
  subscribe.set_retain_handling(mqtt::subscribe_options::SEND_RETAINED_ON_NEW);
  for (const auto& [filter, qos] : missing) pending_filters_.push_back(filter);
  try {
    std::size_t index = 0;
    for (const auto& [filter, qos] : missing) {
      // One packet for each filter: an answer then says which filter was refused.
      client_->subscribe(filter, static_cast<int>(options_.qos), reinterpret_cast<void*>(index++), *this,
                         subscribe);
    }
    for (const std::string& filter : stale) {
      log::info("unsubscribing from '{}', which an earlier run asked for", filter);
      client_->unsubscribe(filter, nullptr, *this);
    }
  } catch (const mqtt::exception& error) {
    try_again(error.what());
    return;
  }
  crash_point("subscribe-sent");
  if (answers_due_ == 0) finish_subscribing();
}

void Subscriber::Impl::finish_subscribing() {
  state_ = State::ready;
  backoff_.reset();
  Subscriptions made = make_subscriptions(options_);
  for (const std::string& filter : refused_) made.erase(filter);
  crash_point("subscribe-answered");
  journal_.set_subscriptions(write_subscriptions(made));
  crash_point("subscribe-done");

  std::string filters;
  for (const auto& [filter, qos] : made) filters += (filters.empty() ? "" : ", ") + filter;
  log::info("connected to {}:{} (MQTT {}, {}), subscribed to {}", options_.broker.host, options_.broker.port,
            version_ == MqttVersion::v5 ? "5" : "3.1.1",
            is_session_present_ ? "session resumed" : "new session", filters.empty() ? "nothing" : filters);
}

void Subscriber::Impl::try_again(const std::string& reason) {
  state_ = State::waiting;
  const auto delay = backoff_.next();
  next_attempt_ = Clock::now() + delay;
  log::warning("no connection to {}:{}: {}; trying again in {:.1f} s", options_.broker.host,
               options_.broker.port, reason, std::chrono::duration<double>{delay}.count());
}

void Subscriber::Impl::stop() noexcept {
  if (!client_) return;
  inbox_.stop();
  crash_point("stop-begun");
  try {
    if (state_ == State::subscribing || state_ == State::ready)
      client_->disconnect()->wait_for(kDisconnectPatience);
  } catch (const std::exception& error) {
    log::debug("disconnect: {}", error.what());  // the connection is gone already
  }
  client_.reset();
  crash_point("client-gone");
}

void Subscriber::Impl::on_success(const mqtt::token& token) {
  Event event;
  switch (token.get_type()) {
    case mqtt::token::Type::CONNECT:
      event.kind = Event::Kind::connected;
      event.is_session_present = token.get_connect_response().is_session_present();
      crash_point("connect-answered");
      // On this thread, before any message of the new session.
      if (!event.is_session_present) journal_.forget_session();
      break;
    case mqtt::token::Type::SUBSCRIBE:
      event.kind = Event::Kind::subscribed;
      break;
    case mqtt::token::Type::UNSUBSCRIBE:
      event.kind = Event::Kind::unsubscribed;
      break;
    default:
      return;
  }
  post(std::move(event));
}

void Subscriber::Impl::on_failure(const mqtt::token& token) {
  Event event;
  event.reason = describe_failure(token);
  switch (token.get_type()) {
    case mqtt::token::Type::CONNECT:
      event.kind = Event::Kind::connect_failed;
      event.is_refused_for_good = is_refused_for_good(token);
      event.is_version_refused = is_version_refused(token);
      break;
    case mqtt::token::Type::SUBSCRIBE:
      event.kind = Event::Kind::subscribe_failed;
      event.filter = reinterpret_cast<std::size_t>(token.get_user_context());
      break;
    case mqtt::token::Type::UNSUBSCRIBE:
      event.kind = Event::Kind::unsubscribed;  // there was nothing to end
      break;
    default:
      return;
  }
  post(std::move(event));
}

void Subscriber::Impl::on_lost(const std::string& reason) {
  Event event;
  event.kind = Event::Kind::lost;
  event.reason = reason.empty() ? "the broker closed it" : reason;
  post(std::move(event));
}

void Subscriber::Impl::on_message(const mqtt::const_message_ptr& message) noexcept {
  if (message->get_qos() == 2) return;  // came through the session store
  MessageView view;
  view.receive_time =
      std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
  view.topic = message->get_topic();
  if (const mqtt::binary_ref& payload = message->get_payload_ref())
    view.payload = {payload.data(), payload.size()};
  properties_.clear();
  if (version_ == MqttVersion::v5) write_properties(properties_, *message);
  view.properties = properties_;
  view.qos = static_cast<QoS>(message->get_qos());
  view.is_retained = message->is_retained();
  crash_point("callback-begun");
  inbox_.receive(view, packet_id_of(*message), message->is_duplicate());
  crash_point("callback-done");
}

void Subscriber::Impl::post(Event event) {
  {
    const std::lock_guard lock{mutex_};
    events_.push_back(std::move(event));
  }
  wake_();
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

bool Subscriber::is_subscribed() const noexcept {
  return impl_->is_subscribed();
}

void Subscriber::stop() noexcept {
  impl_->stop();
}

}  // namespace mqtt_logger
