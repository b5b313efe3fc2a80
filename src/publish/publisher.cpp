#include "mqtt_logger/publish/publisher.hpp"

#include "mqtt_logger/base/error.hpp"
#include "mqtt_logger/base/escape.hpp"
#include "mqtt_logger/connection/backoff.hpp"
#include "mqtt_logger/connection/broker_limits.hpp"
#include "mqtt_logger/connection/connect_failure.hpp"
#include "mqtt_logger/connection/connection.hpp"
#include "mqtt_logger/connection/library_calls.hpp"
#include "mqtt_logger/connection/received_bytes.hpp"
#include "mqtt_logger/connection/silence.hpp"
#include "mqtt_logger/connection/version_choice.hpp"
#include "mqtt_logger/connection/websocket_bridge.hpp"
#include "mqtt_logger/log/log.hpp"

#include "in_flight.hpp"
#include "sent_message.hpp"

#include <mqtt/async_client.h>

#include <algorithm>
#include <mutex>
#include <random>
#include <system_error>
#include <utility>

namespace mqtt_logger {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

/// Mosquitto throws out a QoS 2 publisher with more messages in flight than its max_inflight_messages (20).
/// At QoS 0 the limit keeps the library from buffering without end what the socket does not take.
constexpr std::size_t kMaxInFlight = 20;
constexpr auto kDisconnectTimeout = 1s;
constexpr std::chrono::milliseconds kNever = 1h;
constexpr auto kConnectGrace = 5s;  // beyond --connect-timeout, which is the library's business

/// After so many connections in a row that ended before anything was acknowledged, the oldest message is
/// taken for the reason (too large for the broker, say), and given up.
constexpr int kMaximumFailedAttempts = 3;

enum class Link { down, connecting, up };

InFlightPublish* find_in_flight(const mqtt::token& token) {
  return static_cast<InFlightPublish*>(token.get_user_context());
}

}  // namespace

/// Threads: on_success(), on_failure() and on_lost() on the library's threads, under its lock; so mutex_ is
///          never held while the library is called. Everything else by the owner.
struct Publisher::Impl final : private mqtt::iaction_listener {
  Impl(const Options& options, const PublisherRole& role, std::function<void()> on_change)
      : options_{options},
        role_{role},
        on_change_{std::move(on_change)},
        targets_{make_targets(options.brokers)} {}

  std::chrono::milliseconds advance();
  void follow(const BrokerAddress& broker);
  [[nodiscard]] bool is_connected() const;
  void publish(OutgoingMessage message);
  void stop() noexcept;

  InFlight in_flight_;

 private:
  using Lock = std::lock_guard<std::mutex>;

  /// A broker to publish to, and what is known of it.
  struct Target {
    BrokerAddress address;
    VersionChoice version;
  };

  [[nodiscard]] std::vector<Target> make_targets(const std::vector<BrokerAddress>& brokers) const;
  [[nodiscard]] Target& target() noexcept { return targets_[current_]; }
  [[nodiscard]] std::chrono::milliseconds wait_for_answer();
  [[nodiscard]] std::chrono::milliseconds watch_silence();
  void begin_connecting();
  void finish_connecting();
  void end_connection();
  [[nodiscard]] bool tries_older_version(ConnectFailure failure);
  void switch_to_next_broker(bool is_refused);
  void give_up_after_failures();
  void send(InFlightPublish& delivery);
  [[nodiscard]] bool fits(const InFlightPublish& delivery);
  [[nodiscard]] OutgoingMessage limit(OutgoingMessage message);

  void on_connected(const Response& response);

  [[nodiscard]] bool is_acknowledged(const InFlightPublish& delivery) const noexcept;
  void on_success(const mqtt::token& token) override;
  void on_failure(const mqtt::token& token) override;
  void on_lost();
  [[nodiscard]] bool is_refusal(const mqtt::token& token) const;

  template <typename... Args>
  void tell(LogLevel level, fmt::format_string<Args...> format, const Args&... args) const {
    if (!role_.is_quiet) log::write_formatted(level, format, fmt::make_format_args(args...));
  }

  const Options options_;
  const PublisherRole role_;
  const std::function<void()> on_change_;
  std::vector<Target> targets_;  ///< at least one
  std::size_t current_ = 0;      ///< of this connection, or of the next one
  LibraryCalls calls_;
  std::unique_ptr<WebSocketBridge> bridge_;     ///< of this connection, if it is a WebSocket
  std::unique_ptr<mqtt::async_client> client_;  ///< one a connection: when it is gone, no late call can come
  BrokerLimits limits_;                         ///< of this connection
  /// For the answer to CONNECT; a bridge has its own limits, and says itself when a broker falls silent.
  Clock::time_point connect_due_;
  Silence silence_{0ms, 0s};
  ReceivedBytes received_bytes_;
  std::string end_reason_;  ///< why we have ended this connection ourselves
  bool is_limit_reported_ = false;
  bool is_up_ = false;  ///< as far as the owner has noticed
  bool is_failure_reported_ = false;
  bool is_refusal_reported_ = false;
  int failed_attempts_ = 0;
  std::uint64_t acknowledged_before_ = 0;  ///< when this connection began
  Backoff backoff_;
  Clock::time_point next_attempt_ = Clock::now();

  mutable std::mutex mutex_;  ///< guards what follows
  Link link_ = Link::down;
  Response connect_response_;  ///< the answer to this connection's CONNECT
  int refusal_ = 0;            ///< the reason code with which the broker refused a message
};

std::vector<Publisher::Impl::Target> Publisher::Impl::make_targets(
    const std::vector<BrokerAddress>& brokers) const {
  std::vector<Target> targets;
  targets.reserve(brokers.size());
  for (const BrokerAddress& broker : brokers)
    targets.push_back({broker, VersionChoice{options_.mqtt_version}});
  return targets;
}

std::chrono::milliseconds Publisher::Impl::advance() {
  Link link = Link::down;
  int refusal = 0;
  {
    const Lock lock{mutex_};
    link = link_;
    refusal = refusal_;
  }
  if (refusal != 0 && !std::exchange(is_refusal_reported_, true))
    log::warning("the broker refuses messages of {}: {}", role_.in_words,
                 mqtt::exception::reason_code_str(refusal));
  in_flight_.forget_complete();
  if (link == Link::connecting) {
    if (const auto left = wait_for_answer(); left.count() > 0) return left;
  } else if (link == Link::up) {
    if (!is_up_) finish_connecting();
    if (const auto interval = watch_silence(); interval.count() > 0) return interval;
  }
  if (client_) end_connection();
  const auto now = Clock::now();
  if (now < next_attempt_) return std::chrono::ceil<std::chrono::milliseconds>(next_attempt_ - now);
  begin_connecting();
  return std::chrono::ceil<std::chrono::milliseconds>((client_ ? connect_due_ : next_attempt_) - now);
}

/// How long; zero if it is too late. The library has a limit of its own, but not for each step (a TLS
/// handshake on Windows).
std::chrono::milliseconds Publisher::Impl::wait_for_answer() {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(connect_due_ - Clock::now());
  if (left.count() <= 0) {
    end_reason_ = fmt::format("no answer within {} s",
                              std::chrono::ceil<std::chrono::seconds>(options_.connect_timeout).count());
  }
  return std::max(left, 0ms);
}

/// How long until the next check; zero if the broker has been silent for too long.
std::chrono::milliseconds Publisher::Impl::watch_silence() {
  if (bridge_) return kNever;
  const auto bytes = received_bytes_.count();
  if (!bytes) return kNever;
  const auto lasted = silence_.check(Clock::now(), *bytes, false);
  if (!lasted) return silence_.interval();
  end_reason_ = silence_.describe(*lasted);
  return 0ms;
}

void Publisher::Impl::begin_connecting() {
  const BrokerAddress& address = target().address;
  const MqttVersion version = target().version.current();
  try {
    bridge_ = make_bridge(options_, address, options_.keep_alive);
  } catch (const std::system_error& error) {
    tell(LogLevel::warning, "{} cannot connect: {}; trying again", role_.in_words, error.what());
    switch_to_next_broker(false);
    return;
  }
  client_ = std::make_unique<mqtt::async_client>(make_uri(address, bridge_.get()),
                                                 fmt::format("{}-{:08x}", role_.name, std::random_device{}()),
                                                 make_create_options(version));
  client_->set_connection_lost_handler([this](const std::string&) { on_lost(); });
  client_->set_disconnected_handler([this](const mqtt::properties&, mqtt::ReasonCode) { on_lost(); });
  acknowledged_before_ = in_flight_.acknowledged();
  {
    const Lock lock{mutex_};
    link_ = Link::connecting;
    connect_response_ = {};
  }
  connect_due_ = Clock::now() + (bridge_ ? kNever : options_.connect_timeout + kConnectGrace);
  if (!bridge_) received_bytes_.begin(connection_port(options_, address));
  mqtt::connect_options connect = make_clean_options(options_, address, version);
  calls_.connect(*client_, connect, [this](const Response& response) { on_connected(response); });
}

void Publisher::Impl::finish_connecting() {
  is_up_ = true;
  target().version.note_connected();
  backoff_.reset();
  if (!role_.is_quiet) is_failure_reported_ = false;
  {
    const Lock lock{mutex_};
    limits_ = read_limits(connect_response_.properties);
  }
  silence_ = Silence{options_.connect_timeout, limits_.keep_alive.value_or(options_.keep_alive)};
  silence_.begin(Clock::now());
  received_bytes_.settle();
  tell(LogLevel::info, "connected to {} ({})", to_string(target().address),
       target().version.current() == MqttVersion::v5 ? "MQTT 5" : "MQTT 3.1.1: without properties");
  const std::size_t again = in_flight_.send_again([this](InFlightPublish& delivery) { send(delivery); });
  if (again > 0) tell(LogLevel::info, "publishing {} messages again that were not acknowledged", again);
}

/// The connection is gone, or did not come about.
void Publisher::Impl::end_connection() {
  const bool was_up = std::exchange(is_up_, false);
  client_.reset();
  auto end = bridge_ ? bridge_->failure() : std::nullopt;
  if (!end_reason_.empty()) end = ConnectionEnd{ConnectFailure::silent, std::exchange(end_reason_, {})};
  bridge_.reset();
  const Response response = [this] {
    const Lock lock{mutex_};
    link_ = Link::down;
    return connect_response_;
  }();
  const bool is_answered_by_broker = is_answered(classify_failure(response));
  const ConnectFailure failure = end && !is_answered_by_broker ? end->failure : classify_failure(response);
  const std::string reason = end && !is_answered_by_broker ? end->reason : describe_failure(response);
  if (!was_up && tries_older_version(failure)) return;
  const std::string broker = to_string(target().address);
  if (was_up) backoff_.note_good_end();
  switch_to_next_broker(is_answered_by_broker);
  if (was_up) {
    in_flight_.note_loss();
    tell(LogLevel::warning, "connection to {} lost{}", broker, end ? ": " + end->reason : std::string{});
    if (role_.gives_up) give_up_after_failures();
  } else if (failure == ConnectFailure::refused_for_good) {
    throw StartupError{ExitCode::refused, fmt::format("{} refuses this client: {}", broker, reason)};
  } else if (!std::exchange(is_failure_reported_, true)) {
    log::write(role_.is_quiet ? LogLevel::info : LogLevel::warning,
               fmt::format("{} cannot connect to {}: {}; trying again", role_.in_words, broker, reason));
  }
}

bool Publisher::Impl::tries_older_version(ConnectFailure failure) {
  if (failure == ConnectFailure::version_refused) return target().version.take_older();
  if (failure != ConnectFailure::closed && failure != ConnectFailure::silent) return false;
  return target().version.note_unanswered() == VersionChoice::Next::older;
}

void Publisher::Impl::switch_to_next_broker(bool is_refused) {
  current_ = (current_ + 1) % targets_.size();
  next_attempt_ = Clock::now() + backoff_.next(is_refused);
}

void Publisher::Impl::follow(const BrokerAddress& broker) {
  const bool is_same = broker == target().address;
  if (targets_.size() == 1 && is_same) return;
  if (!is_same) stop();
  targets_ = is_same ? std::vector<Target>{target()} : make_targets({broker});
  current_ = 0;
  if (!is_same) next_attempt_ = Clock::now();
}

bool Publisher::Impl::is_connected() const {
  const Lock lock{mutex_};
  return is_up_ && link_ == Link::up;
}

void Publisher::Impl::give_up_after_failures() {
  if (in_flight_.acknowledged() != acknowledged_before_ || in_flight_.count() == 0) {
    failed_attempts_ = 0;
    return;
  }
  if (++failed_attempts_ < kMaximumFailedAttempts) return;
  failed_attempts_ = 0;
  if (const InFlightPublish* const oldest = in_flight_.give_up_oldest()) {
    log::warning("given up: a message of {} bytes to {}, at which the broker closes the connection each time",
                 oldest->message.payload.size(), shortened(oldest->message.topic));
  }
}

void Publisher::Impl::publish(OutgoingMessage message) {
  send(in_flight_.add(std::move(message)));
}

void Publisher::Impl::send(InFlightPublish& delivery) {
  if (!fits(delivery)) {
    in_flight_.refuse(delivery);
    on_change_();
    return;
  }
  try {
    client_->publish(make_publish(limit(delivery.message), target().version.current()), &delivery, *this);
  } catch (const mqtt::exception& error) {  // the connection has gone; the next one publishes it
    log::debug("publishing: {}", error.what());
    on_lost();
  }
}

/// A broker that says how large a packet may be closes the connection at a larger one (MQTT 5, section
/// 3.2.2.3.6).
bool Publisher::Impl::fits(const InFlightPublish& delivery) {
  const OutgoingMessage& message = delivery.message;
  if (!limits_.maximum_packet_bytes ||
      message.topic.size() + message.payload.size() < *limits_.maximum_packet_bytes)
    return true;
  tell(LogLevel::warning,
       "not published: a message of {} bytes to '{}'; the broker takes packets of at most {} bytes",
       message.payload.size(), shortened(message.topic), *limits_.maximum_packet_bytes);
  return false;
}

/// As the broker takes it.
OutgoingMessage Publisher::Impl::limit(OutgoingMessage message) {
  const bool is_limited =
      message.qos > limits_.maximum_qos || (message.is_retained && !limits_.takes_retained);
  if (!is_limited) return message;
  if (!std::exchange(is_limit_reported_, true))
    log::warning("the broker takes {}: {} keep to that", describe_publishing_limits(limits_), role_.in_words);
  message.qos = limit_qos(limits_, message.qos);
  message.is_retained = message.is_retained && limits_.takes_retained;
  return message;
}

void Publisher::Impl::stop() noexcept {
  try {
    if (client_ && is_up_) client_->disconnect()->wait_for(kDisconnectTimeout);
  } catch (const mqtt::exception&) {  // it is gone already
  }
  client_.reset();
  bridge_.reset();
  is_up_ = false;
  const Lock lock{mutex_};
  link_ = Link::down;
}

/// Whether the broker does not want a message, rather than that the connection ended before it said so. Only
/// MQTT 5 has codes for that; the library leaves something else there at QoS 0 and with MQTT 3.1.1.
bool Publisher::Impl::is_refusal(const mqtt::token& token) const {
  const InFlightPublish* const delivery = find_in_flight(token);
  return targets_[current_].version.current() == MqttVersion::v5 &&
         token.get_type() == mqtt::token::Type::PUBLISH && delivery != nullptr &&
         delivery->message.qos != QoS::at_most_once &&
         token.get_reason_code() >= mqtt::ReasonCode::UNSPECIFIED_ERROR;
}

void Publisher::Impl::on_success(const mqtt::token& token) {
  if (token.get_type() == mqtt::token::Type::PUBLISH) {
    if (InFlightPublish* const delivery = find_in_flight(token)) {
      if (is_acknowledged(*delivery)) {
        in_flight_.acknowledge(*delivery);
      } else {
        in_flight_.note_sent(*delivery);
      }
    }
  }
  on_change_();
}

/// QoS 0 has no acknowledgement: the library says when the socket has taken it.
bool Publisher::Impl::is_acknowledged(const InFlightPublish& delivery) const noexcept {
  return limit_qos(limits_, delivery.message.qos) != QoS::at_most_once;
}

void Publisher::Impl::on_connected(const Response& response) {
  {
    const Lock lock{mutex_};
    connect_response_ = response;
    link_ = response.is_success ? Link::up : Link::down;
  }
  on_change_();
}

void Publisher::Impl::on_failure(const mqtt::token& token) {
  const bool is_unwanted = is_refusal(token);
  if (is_unwanted) in_flight_.refuse(*find_in_flight(token));
  {
    const Lock lock{mutex_};
    if (is_unwanted)
      refusal_ = token.get_reason_code();
    else
      link_ = Link::down;
  }
  on_change_();
}

void Publisher::Impl::on_lost() {
  {
    const Lock lock{mutex_};
    link_ = Link::down;
  }
  on_change_();
}

Publisher::Publisher(const Options& options, const PublisherRole& role, std::function<void()> on_change)
    : impl_{std::make_unique<Impl>(options, role, std::move(on_change))} {}

Publisher::~Publisher() {
  stop();
}

std::chrono::milliseconds Publisher::advance() {
  return impl_->advance();
}

void Publisher::follow(const BrokerAddress& broker) {
  impl_->follow(broker);
}

bool Publisher::is_connected() const {
  return impl_->is_connected();
}

bool Publisher::has_room() const {
  return impl_->is_connected() && impl_->in_flight_.count() < kMaxInFlight;
}

void Publisher::publish(OutgoingMessage message) {
  impl_->publish(std::move(message));
}

std::size_t Publisher::in_flight() const {
  return impl_->in_flight_.count();
}

std::uint64_t Publisher::acknowledged() const {
  return impl_->in_flight_.acknowledged();
}

std::uint64_t Publisher::sent() const {
  return impl_->in_flight_.sent();
}

bool Publisher::is_any_uncertain() const {
  return impl_->in_flight_.is_any_uncertain();
}

std::uint64_t Publisher::refused() const {
  return impl_->in_flight_.refused();
}

void Publisher::stop() noexcept {
  impl_->stop();
}

}  // namespace mqtt_logger
