#include "mqtt_logger/mqtt/simulator.hpp"

#include "mqtt_logger/log.hpp"
#include "mqtt_logger/mqtt/backoff.hpp"
#include "mqtt_logger/mqtt/reading.hpp"
#include "mqtt_logger/mqtt/sensor.hpp"

#include "connection.hpp"

#include <mqtt/async_client.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace mqtt_logger {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

/// Mosquitto throws out a QoS 2 publisher with more messages in flight than its max_inflight_messages (20).
/// At QoS 0 the limit keeps the library from buffering without end what the socket does not take.
constexpr std::size_t kMaxInFlight = 20;

constexpr auto kStopPatience = 1s;  ///< for the last acknowledgements, and again for the disconnect

/// A reading that is not acknowledged yet. The library holds a pointer to it while its client lives.
struct Delivery {
  std::string topic;
  std::string payload;
  bool is_settled = false;  ///< acknowledged, or refused for good
};

enum class Link { connecting, up, down };

}  // namespace

/// Threads: run() and what it calls on the simulator's thread; on_success(), on_failure() and on_lost() on
///          the library's threads, under its lock. So mutex_ is never held while the library is called.
struct Simulator::Impl final : private mqtt::iaction_listener {
  explicit Impl(const Options& options)
      : options_{options},
        sensors_{make_sensors(options.topics, options.sensors)},
        version_{options.mqtt_version},
        wanted_broker_{options.brokers.front()} {}

  void start();
  void stop() noexcept;
  void follow(const BrokerAddress& broker);

  std::atomic<std::uint64_t> published_{0};

 private:
  using Lock = std::unique_lock<std::mutex>;

  void run() noexcept;
  void serve_connection();
  [[nodiscard]] bool connect(mqtt::async_client& client);
  void publish_readings(mqtt::async_client& client);
  void publish(mqtt::async_client& client, Delivery& delivery);
  void disconnect(mqtt::async_client& client);
  [[nodiscard]] Delivery& add_next_reading(const Lock& lock);
  void report_failure(const std::string& reason);

  void on_success(const mqtt::token& token) override;
  void on_failure(const mqtt::token& token) override;
  void on_lost();

  /// Whether the broker does not want a reading, rather than that the connection ended before it said so.
  /// Only MQTT 5 has codes for that; the library leaves something else there at QoS 0 and with MQTT 3.1.1.
  [[nodiscard]] bool is_refusal(const mqtt::token& token) const {
    return version_ == MqttVersion::v5 && options_.qos != QoS::at_most_once &&
           token.get_reason_code() >= mqtt::ReasonCode::UNSPECIFIED_ERROR;
  }
  [[nodiscard]] bool is_over(const Lock&) const { return is_stopping_ || link_ != Link::up || is_moved_; }
  [[nodiscard]] std::size_t count_in_flight(const Lock&);

  const Options options_;
  const std::vector<Sensor> sensors_;
  BrokerAddress broker_;           ///< of this connection
  MqttVersion version_;            ///< 3.1.1 once the broker has refused 5
  std::uint64_t next_number_ = 0;  ///< of the readings of all sensors, in the order they are due
  Backoff backoff_;
  bool is_failure_reported_ = false;
  bool is_refusal_reported_ = false;

  std::mutex mutex_;  ///< guards what follows
  std::condition_variable changed_;
  bool is_stopping_ = false;
  BrokerAddress wanted_broker_;
  bool is_moved_ = false;  ///< to another broker, since this connection was begun
  Link link_ = Link::down;
  int refusal_ = 0;                  ///< the reason code with which the broker refused a reading
  std::deque<Delivery> deliveries_;  ///< oldest first; a deque never moves the others when one comes or goes

  std::thread thread_;
};

void Simulator::Impl::start() {
  if (!sensors_.empty() && !thread_.joinable()) thread_ = std::thread{&Impl::run, this};
}

void Simulator::Impl::stop() noexcept {
  {
    const Lock lock{mutex_};
    is_stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Simulator::Impl::follow(const BrokerAddress& broker) {
  {
    const Lock lock{mutex_};
    if (broker == wanted_broker_) return;
    wanted_broker_ = broker;
    is_moved_ = true;
  }
  changed_.notify_all();
}

void Simulator::Impl::run() noexcept {
  for (;;) {
    try {
      serve_connection();
    } catch (const std::exception& error) {
      report_failure(error.what());
    }
    Lock lock{mutex_};
    changed_.wait_for(lock, backoff_.next(), [this] { return is_stopping_ || is_moved_; });
    if (is_stopping_) return;
  }
}

/// Connects and publishes until the connection ends or stop() is called.
///
/// Each connection has a client of its own. When that is gone, no late call about a delivery can come, and
/// all that are not settled can be published again by the next.
void Simulator::Impl::serve_connection() {
  {
    const Lock lock{mutex_};
    is_moved_ = false;
    if (broker_ != wanted_broker_) version_ = options_.mqtt_version;
    broker_ = wanted_broker_;
  }
  mqtt::async_client client{make_uri(broker_), fmt::format("simulator-{:08x}", std::random_device{}()),
                            make_create_options(version_)};
  client.set_connection_lost_handler([this](const std::string&) { on_lost(); });
  client.set_disconnected_handler([this](const mqtt::properties&, mqtt::ReasonCode) { on_lost(); });
  if (!connect(client)) return;
  backoff_.reset();
  publish_readings(client);
  disconnect(client);
}

bool Simulator::Impl::connect(mqtt::async_client& client) {
  {
    const Lock lock{mutex_};
    link_ = Link::connecting;
  }
  const auto token = client.connect(make_clean_options(options_, broker_, version_), nullptr, *this);
  Lock lock{mutex_};
  changed_.wait(lock, [this] { return is_stopping_ || link_ != Link::connecting; });
  if (is_stopping_ || link_ == Link::up) return link_ == Link::up;
  lock.unlock();
  if (version_ == MqttVersion::v5 && is_version_refused(*token))
    version_ = MqttVersion::v3_1_1;
  else
    report_failure(describe_failure(*token));
  return false;
}

void Simulator::Impl::publish_readings(mqtt::async_client& client) {
  if (next_number_ == 0)
    log::info("simulating {} sensors, one of them {}", sensors_.size(), sensors_.front().topic);
  Lock lock{mutex_};
  for (Delivery& delivery : deliveries_) {  // only this thread adds and removes any
    if (delivery.is_settled) continue;
    lock.unlock();
    publish(client, delivery);
    lock.lock();
  }
  // The sensors were off while there was no connection: there is nothing to catch up with.
  const auto beginning = Clock::now() - find_due_time(next_number_, sensors_.size(), options_.interval);
  for (;;) {
    const auto due_time = beginning + find_due_time(next_number_, sensors_.size(), options_.interval);
    if (changed_.wait_until(lock, due_time, [&] { return is_over(lock); })) return;
    changed_.wait(lock, [&] { return is_over(lock) || count_in_flight(lock) < kMaxInFlight; });
    if (is_over(lock)) return;
    Delivery& delivery = add_next_reading(lock);
    const int refusal = refusal_;
    lock.unlock();
    if (refusal != 0 && !std::exchange(is_refusal_reported_, true))
      log::warning("the broker refuses readings of simulated sensors: {}",
                   mqtt::exception::reason_code_str(refusal));
    publish(client, delivery);
    lock.lock();
  }
}

void Simulator::Impl::publish(mqtt::async_client& client, Delivery& delivery) {
  constexpr bool kIsRetained = false;
  auto message =
      mqtt::make_message(delivery.topic, delivery.payload, static_cast<int>(options_.qos), kIsRetained);
  client.publish(std::move(message), &delivery, *this);
}

void Simulator::Impl::disconnect(mqtt::async_client& client) {
  Lock lock{mutex_};
  changed_.wait_for(lock, kStopPatience, [&] { return link_ != Link::up || count_in_flight(lock) == 0; });
  if (link_ != Link::up) return;
  lock.unlock();
  client.disconnect()->wait_for(kStopPatience);
}

Delivery& Simulator::Impl::add_next_reading(const Lock&) {
  const Sensor& sensor = sensors_[next_number_ % sensors_.size()];
  const std::uint64_t sequence = next_number_ / sensors_.size() + 1;
  ++next_number_;
  return deliveries_.emplace_back(Delivery{
      sensor.topic, make_reading(sensor, sequence, std::chrono::system_clock::now(), options_.seed)});
}

std::size_t Simulator::Impl::count_in_flight(const Lock&) {
  while (!deliveries_.empty() && deliveries_.front().is_settled) deliveries_.pop_front();
  return deliveries_.size();
}

void Simulator::Impl::report_failure(const std::string& reason) {
  if (!std::exchange(is_failure_reported_, true))
    log::info("the simulated sensors wait for the broker at {}: {}", to_string(broker_), reason);
}

void Simulator::Impl::on_success(const mqtt::token& token) {
  {
    const Lock lock{mutex_};
    if (token.get_type() == mqtt::token::Type::CONNECT) {
      link_ = Link::up;
    } else {
      static_cast<Delivery*>(token.get_user_context())->is_settled = true;
      ++published_;
    }
  }
  changed_.notify_one();
}

void Simulator::Impl::on_failure(const mqtt::token& token) {
  {
    const Lock lock{mutex_};
    if (token.get_type() == mqtt::token::Type::CONNECT) {
      link_ = Link::down;
    } else if (is_refusal(token)) {
      refusal_ = token.get_reason_code();
      static_cast<Delivery*>(token.get_user_context())->is_settled = true;
    } else {
      link_ = Link::down;
    }
  }
  changed_.notify_one();
}

void Simulator::Impl::on_lost() {
  {
    const Lock lock{mutex_};
    link_ = Link::down;
  }
  changed_.notify_one();
}

Simulator::Simulator(const Options& options) : impl_{std::make_unique<Impl>(options)} {}

Simulator::~Simulator() {
  stop();
}

void Simulator::start() {
  impl_->start();
}

void Simulator::follow(const BrokerAddress& broker) {
  impl_->follow(broker);
}

void Simulator::stop() noexcept {
  impl_->stop();
}

std::uint64_t Simulator::published() const noexcept {
  return impl_->published_;
}

}  // namespace mqtt_logger
