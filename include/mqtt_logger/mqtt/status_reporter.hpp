#pragma once

#include "mqtt_logger/base/totals.hpp"
#include "mqtt_logger/mqtt/subscriber.hpp"
#include "mqtt_logger/mqtt/topic_watch.hpp"
#include "mqtt_logger/options/options.hpp"
#include "mqtt_logger/publish/status_payload.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace mqtt_logger {

/// Tells others on `--status-topic` that this logger is there and how it does: at each connection, every
/// `--stats-every`, and when it stops. That it is gone without a stop, the broker tells: the subscriber's
/// last will.
///
/// Threads: all by the main thread.
/// Errors:  a status that cannot be sent is left out; the next one follows.
class StatusReporter {
 public:
  StatusReporter(const Options& options, Subscriber& subscriber, const Statistics& statistics,
                 const TopicWatch& topics);

  /// Publishes what is due, without waiting; returns how long nothing will be.
  [[nodiscard]] std::chrono::milliseconds advance();
  /// The last one. Before the subscriber stops.
  void stop();

 private:
  using Clock = std::chrono::steady_clock;
  [[nodiscard]] std::string make(StatusState state) const;
  [[nodiscard]] std::vector<std::string> find_silent() const;

  const bool is_wanted_;
  const std::chrono::milliseconds interval_;  // zero: at each connection only
  const std::string client_id_;
  const ReceiveTime started_;
  Subscriber& subscriber_;
  const Statistics& statistics_;
  const TopicWatch& topics_;
  const bool is_silence_watched_;
  std::vector<std::string> silent_;     // as last published
  std::uint64_t times_subscribed_ = 0;  // at the last look
  Clock::time_point next_;
};

}  // namespace mqtt_logger
