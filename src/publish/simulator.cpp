#include "mqtt_logger/publish/simulator.hpp"

#include "mqtt_logger/log/log.hpp"
#include "mqtt_logger/publish/publisher.hpp"

#include "reading.hpp"
#include "sensor.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace mqtt_logger {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr Clock::duration kNoReading = 1h;
constexpr auto kLastAcknowledgementsTimeout = 1s;  ///< for the last acknowledgements
constexpr auto kAfterFailure = 1s;
constexpr PublisherRole kRole{
    .name = "simulator", .in_words = "the simulated sensors", .is_quiet = true, .gives_up = false};

}  // namespace

/// Threads: run() and what it calls on the simulator's thread; notice() on any.
struct Simulator::Impl {
  explicit Impl(const Options& options)
      : options_{options},
        sensors_{make_sensors(options.topics, options.sensors)},
        wanted_broker_{options.brokers.front()},
        publisher_{options, kRole, [this] { notice(); }} {}

  void start();
  void stop() noexcept;
  void follow(const BrokerAddress& broker);

 private:
  using Lock = std::unique_lock<std::mutex>;

  void run() noexcept;
  [[nodiscard]] Clock::duration advance();
  [[nodiscard]] Clock::duration publish_due();
  [[nodiscard]] Clock::duration due_after_first() const;
  [[nodiscard]] OutgoingMessage make_next_reading();
  void wait_for_acknowledgements();
  void notice();

  const Options options_;
  const std::vector<Sensor> sensors_;
  std::uint64_t next_number_ = 0;  ///< of the readings of all sensors, in the order they are due
  Clock::time_point beginning_;    ///< when the first would have been due if all had come on this connection
  bool was_connected_ = false;
  bool is_failure_reported_ = false;

  std::mutex mutex_;  ///< guards what follows; never held while the publisher is called
  std::condition_variable changed_;
  bool is_changed_ = false;
  bool is_stopping_ = false;
  BrokerAddress wanted_broker_;
  bool is_moved_ = true;  ///< the publisher has yet to follow

  Publisher publisher_;
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
  notice();
}

void Simulator::Impl::run() noexcept {
  for (;;) {
    Clock::duration wait = kAfterFailure;
    try {
      wait = advance();
    } catch (const std::exception& error) {
      if (!std::exchange(is_failure_reported_, true)) log::info("{}: {}", kRole.in_words, error.what());
    }
    Lock lock{mutex_};
    changed_.wait_for(lock, wait, [this] { return is_stopping_ || is_changed_; });
    is_changed_ = false;
    if (is_stopping_) break;
  }
  wait_for_acknowledgements();
  publisher_.stop();
}

/// Does what is due; returns how long nothing will be.
Clock::duration Simulator::Impl::advance() {
  std::optional<BrokerAddress> broker;
  {
    const Lock lock{mutex_};
    if (std::exchange(is_moved_, false)) broker = wanted_broker_;
  }
  if (broker) publisher_.follow(*broker);
  const Clock::duration connecting_due = publisher_.advance();
  return std::min(connecting_due, publish_due());
}

Clock::duration Simulator::Impl::publish_due() {
  constexpr int kMaximumAtOnce = 1000;  // so that a stop is noticed
  const bool was_connected = std::exchange(was_connected_, publisher_.is_connected());
  if (!was_connected_) return kNoReading;
  if (!was_connected) {
    if (next_number_ == 0)
      log::info("simulating {} sensors, one of them {}", sensors_.size(), sensors_.front().topic);
    // The sensors were off while there was no connection: there is nothing to catch up with.
    beginning_ = Clock::now() - due_after_first();
  }
  for (int count = 0; count < kMaximumAtOnce; ++count) {
    const auto wait = beginning_ + due_after_first() - Clock::now();
    if (wait > Clock::duration::zero()) return wait;
    if (!publisher_.has_room()) return kNoReading;
    publisher_.publish(make_next_reading());
  }
  return Clock::duration::zero();
}

Clock::duration Simulator::Impl::due_after_first() const {
  return find_due_time(next_number_, sensors_.size(), options_.interval);
}

OutgoingMessage Simulator::Impl::make_next_reading() {
  const Sensor& sensor = sensors_[next_number_ % sensors_.size()];
  const std::uint64_t sequence = next_number_ / sensors_.size() + 1;
  ++next_number_;
  return {.topic = sensor.topic,
          .payload = make_reading(sensor, sequence, std::chrono::system_clock::now(), options_.seed),
          .qos = options_.qos};
}

void Simulator::Impl::wait_for_acknowledgements() {
  const auto end = Clock::now() + kLastAcknowledgementsTimeout;
  while (publisher_.in_flight() > 0 && publisher_.is_connected() && Clock::now() < end) {
    Lock lock{mutex_};
    changed_.wait_until(lock, end, [this] { return is_changed_; });
    is_changed_ = false;
  }
}

/// Something was acknowledged, or the connection has changed.
void Simulator::Impl::notice() {
  {
    const Lock lock{mutex_};
    is_changed_ = true;
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

}  // namespace mqtt_logger
