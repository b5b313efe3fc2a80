#include "mqtt_logger/mqtt/publisher.hpp"

#include "mqtt_logger/error.hpp"
#include "mqtt_logger/log.hpp"
#include "mqtt_logger/mqtt/backoff.hpp"

#include "connection.hpp"

#include <mqtt/async_client.h>

#include <algorithm>
#include <deque>
#include <mutex>
#include <random>
#include <utility>

namespace mqtt_logger {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

/// As the simulator's: Mosquitto throws out a QoS 2 publisher with more in flight.
constexpr std::size_t kMaxInFlight = 20;
constexpr auto kStopPatience = 1s;

/// After so many connections in a row that ended before anything was acknowledged, the oldest message is
/// taken for the reason (too large for the broker, say), and given up.
constexpr int kMaximumFruitless = 3;

struct Delivery {
  OutgoingMessage message;
  bool is_settled = false;  ///< acknowledged, or refused for good
};

enum class Link { down, connecting, up };

mqtt::properties to_properties(const PublishProperties& from) {
  mqtt::properties properties;
  if (from.payload_format_indicator)
    properties.add({mqtt::property::PAYLOAD_FORMAT_INDICATOR, *from.payload_format_indicator});
  if (from.message_expiry_interval)
    properties.add(
        {mqtt::property::MESSAGE_EXPIRY_INTERVAL, static_cast<std::int32_t>(*from.message_expiry_interval)});
  if (from.content_type) properties.add({mqtt::property::CONTENT_TYPE, *from.content_type});
  if (from.response_topic) properties.add({mqtt::property::RESPONSE_TOPIC, *from.response_topic});
  if (from.correlation_data) properties.add({mqtt::property::CORRELATION_DATA, *from.correlation_data});
  for (const auto& [name, value] : from.user_properties)
    properties.add({mqtt::property::USER_PROPERTY, name, value});
  return properties;
}

}  // namespace

/// Threads: on_success(), on_failure() and on_lost() on the library's threads, under its lock; so mutex_ is
///          never held while the library is called. Everything else by the owner.
struct Publisher::Impl final : private mqtt::iaction_listener {
  Impl(const Options& options, std::function<void()> on_change)
      : options_{options},
        on_change_{std::move(on_change)},
        broker_{options.brokers.front()},
        version_{options.mqtt_version} {}

  std::chrono::milliseconds advance();
  void publish(OutgoingMessage message);
  void stop() noexcept;

  using Lock = std::unique_lock<std::mutex>;
  mutable std::mutex mutex_;  ///< guards what follows
  Link link_ = Link::down;
  std::deque<Delivery> deliveries_;  ///< oldest first; a deque never moves the others when one comes or goes
  std::uint64_t acknowledged_ = 0;
  std::uint64_t refused_ = 0;
  std::size_t in_flight_ = 0;
  int refusal_ = 0;  ///< the reason code with which the broker refused a message

  bool is_up_ = false;  ///< the connection, as far as the owner has noticed; the owner's own

 private:
  void begin_connecting();
  void finish_connecting();
  void end_connection();
  void give_up_oldest();
  void send(Delivery& delivery);
  void forget_settled();

  void on_success(const mqtt::token& token) override;
  void on_failure(const mqtt::token& token) override;
  void on_lost();
  void settle(const mqtt::token& token, const Lock&, std::uint64_t& counter);
  [[nodiscard]] bool is_refusal(const mqtt::token& token) const;

  const Options options_;
  const std::function<void()> on_change_;
  BrokerAddress broker_;                        ///< of this connection, or of the next one
  MqttVersion version_;                         ///< 3.1.1 once the broker has refused 5
  std::unique_ptr<mqtt::async_client> client_;  ///< one a connection: when it is gone, no late call can come
  mqtt::token_ptr connecting_;
  bool is_failure_reported_ = false;
  bool is_refusal_reported_ = false;
  int fruitless_ = 0;
  std::uint64_t acknowledged_before_ = 0;  ///< when this connection began
  Backoff backoff_;
  Clock::time_point next_attempt_ = Clock::now();
};

std::chrono::milliseconds Publisher::Impl::advance() {
  constexpr std::chrono::milliseconds kNever = 1h;
  Link link = Link::down;
  int refusal = 0;
  {
    const Lock lock{mutex_};
    link = link_;
    refusal = refusal_;
  }
  if (refusal != 0 && !std::exchange(is_refusal_reported_, true))
    log::warning("the broker refuses messages: {}", mqtt::exception::reason_code_str(refusal));
  forget_settled();
  if (link == Link::connecting) return kNever;
  if (link == Link::up) {
    if (!is_up_) finish_connecting();
    return kNever;
  }
  if (client_) end_connection();
  const auto now = Clock::now();
  if (now < next_attempt_) return std::chrono::ceil<std::chrono::milliseconds>(next_attempt_ - now);
  begin_connecting();
  return kNever;
}

void Publisher::Impl::begin_connecting() {
  client_ = std::make_unique<mqtt::async_client>(
      make_uri(broker_), fmt::format("replay-{:08x}", std::random_device{}()), make_create_options(version_));
  client_->set_connection_lost_handler([this](const std::string&) { on_lost(); });
  client_->set_disconnected_handler([this](const mqtt::properties&, mqtt::ReasonCode) { on_lost(); });
  {
    const Lock lock{mutex_};
    link_ = Link::connecting;
    acknowledged_before_ = acknowledged_;
  }
  connecting_ = client_->connect(make_clean_options(options_, broker_, version_), nullptr, *this);
}

void Publisher::Impl::finish_connecting() {
  is_up_ = true;
  backoff_.reset();
  is_failure_reported_ = false;
  log::info("connected to {} ({})", to_string(broker_),
            version_ == MqttVersion::v5 ? "MQTT 5" : "MQTT 3.1.1: without properties");
  std::size_t again = 0;
  for (Delivery& delivery : deliveries_) {  // only this thread adds and removes any
    {
      const Lock lock{mutex_};
      if (delivery.is_settled) continue;
    }
    ++again;
    send(delivery);
  }
  if (again > 0) log::info("publishing {} messages again that were not acknowledged", again);
}

/// The connection is gone, or did not come about.
void Publisher::Impl::end_connection() {
  const bool was_up = std::exchange(is_up_, false);
  const mqtt::token_ptr token = std::exchange(connecting_, nullptr);
  client_.reset();
  if (was_up) {
    log::warning("connection to {} lost", to_string(broker_));
    give_up_oldest();
  } else if (version_ == MqttVersion::v5 && is_version_refused(*token)) {
    version_ = MqttVersion::v3_1_1;
    return;
  } else if (is_refused_for_good(*token)) {
    throw StartupError{ExitCode::refused, fmt::format("{} refuses this client: {}", to_string(broker_),
                                                      describe_failure(*token))};
  } else if (!std::exchange(is_failure_reported_, true)) {
    log::warning("cannot connect to {}: {}; trying again", to_string(broker_), describe_failure(*token));
  }
  // The next in turn.
  const auto& brokers = options_.brokers;
  const auto current = std::find(brokers.begin(), brokers.end(), broker_);
  broker_ = current == brokers.end() || current + 1 == brokers.end() ? brokers.front() : *(current + 1);
  version_ = options_.mqtt_version;
  next_attempt_ = Clock::now() + backoff_.next();
}

void Publisher::Impl::give_up_oldest() {
  const Lock lock{mutex_};
  if (acknowledged_ != acknowledged_before_ || in_flight_ == 0) {
    fruitless_ = 0;
    return;
  }
  if (++fruitless_ < kMaximumFruitless) return;
  fruitless_ = 0;
  for (Delivery& delivery : deliveries_) {
    if (delivery.is_settled) continue;
    delivery.is_settled = true;
    --in_flight_;
    ++refused_;
    log::warning("given up: a message of {} bytes to {}, at which the broker closes the connection each time",
                 delivery.message.payload.size(), delivery.message.topic.substr(0, 100));
    return;
  }
}

void Publisher::Impl::publish(OutgoingMessage message) {
  Delivery* delivery = nullptr;
  {
    const Lock lock{mutex_};
    delivery = &deliveries_.emplace_back(Delivery{std::move(message)});
    ++in_flight_;
  }
  send(*delivery);
}

void Publisher::Impl::send(Delivery& delivery) {
  const OutgoingMessage& from = delivery.message;
  auto message = mqtt::make_message(from.topic, from.payload, static_cast<int>(from.qos), from.is_retained);
  if (version_ == MqttVersion::v5) message->set_properties(to_properties(from.properties));
  try {
    client_->publish(std::move(message), &delivery, *this);
  } catch (const mqtt::exception& error) {  // the connection has gone; the next one publishes it
    log::debug("publishing: {}", error.what());
    on_lost();
  }
}

void Publisher::Impl::forget_settled() {
  const Lock lock{mutex_};
  while (!deliveries_.empty() && deliveries_.front().is_settled) deliveries_.pop_front();
}

void Publisher::Impl::stop() noexcept {
  try {
    if (client_ && is_up_) client_->disconnect()->wait_for(kStopPatience);
  } catch (const mqtt::exception&) {  // it is gone already
  }
  client_.reset();
}

void Publisher::Impl::settle(const mqtt::token& token, const Lock&, std::uint64_t& counter) {
  auto* const delivery = static_cast<Delivery*>(token.get_user_context());
  if (delivery == nullptr || std::exchange(delivery->is_settled, true)) return;
  --in_flight_;
  ++counter;
}

/// Whether the broker does not want a message, rather than that the connection ended before it said so. Only
/// MQTT 5 has codes for that; the library leaves something else there at QoS 0 and with MQTT 3.1.1.
bool Publisher::Impl::is_refusal(const mqtt::token& token) const {
  const auto* const delivery = static_cast<const Delivery*>(token.get_user_context());
  return version_ == MqttVersion::v5 && token.get_type() == mqtt::token::Type::PUBLISH &&
         delivery != nullptr && delivery->message.qos != QoS::at_most_once &&
         token.get_reason_code() >= mqtt::ReasonCode::UNSPECIFIED_ERROR;
}

void Publisher::Impl::on_success(const mqtt::token& token) {
  {
    const Lock lock{mutex_};
    if (token.get_type() == mqtt::token::Type::CONNECT)
      link_ = Link::up;
    else if (token.get_type() == mqtt::token::Type::PUBLISH)
      settle(token, lock, acknowledged_);
  }
  on_change_();
}

void Publisher::Impl::on_failure(const mqtt::token& token) {
  {
    const Lock lock{mutex_};
    if (is_refusal(token)) {
      refusal_ = token.get_reason_code();
      settle(token, lock, refused_);
    } else {
      link_ = Link::down;
    }
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

Publisher::Publisher(const Options& options, std::function<void()> on_change)
    : impl_{std::make_unique<Impl>(options, std::move(on_change))} {}

Publisher::~Publisher() {
  stop();
}

std::chrono::milliseconds Publisher::advance() {
  return impl_->advance();
}

bool Publisher::is_connected() const {
  const Impl::Lock lock{impl_->mutex_};
  return impl_->is_up_ && impl_->link_ == Link::up;
}

bool Publisher::has_room() const {
  const Impl::Lock lock{impl_->mutex_};
  return impl_->is_up_ && impl_->link_ == Link::up && impl_->in_flight_ < kMaxInFlight;
}

void Publisher::publish(OutgoingMessage message) {
  impl_->publish(std::move(message));
}

std::size_t Publisher::in_flight() const {
  const Impl::Lock lock{impl_->mutex_};
  return impl_->in_flight_;
}

std::uint64_t Publisher::acknowledged() const {
  const Impl::Lock lock{impl_->mutex_};
  return impl_->acknowledged_;
}

std::uint64_t Publisher::refused() const {
  const Impl::Lock lock{impl_->mutex_};
  return impl_->refused_;
}

void Publisher::stop() noexcept {
  impl_->stop();
}

}  // namespace mqtt_logger
