#pragma once

#include "mqtt_logger/options/options.hpp"

#include <memory>

namespace mqtt_logger {

/// Publishes readings of simulated sensors to the broker, through a client of its own.
///
/// A JSON reading carries `seq`: it counts 1, 2, 3 … for each topic, in order, so that a check of the exports
/// can tell from a gap that a message is missing. No gap comes from here at QoS 1 and 2: what a broken
/// connection may have swallowed is published again (then a number can come twice, even at QoS 2: each
/// connection is a new session). Only a reading that the broker itself refuses leaves one, with a warning.
///
/// Threads: start(), follow() and stop() by the main thread; another start() does nothing. A thread of its
///          own publishes and reconnects.
/// Owns:    its client and thread; stop() (or the destructor) ends both, within about three seconds.
/// Errors:  a broker that is away, or refuses the client, is tried again for ever, in silence after the first
///          line: the subscriber reports. No exception leaves the thread.
class Simulator {
 public:
  explicit Simulator(const Options& options);
  ~Simulator();
  Simulator(const Simulator&) = delete;
  Simulator& operator=(const Simulator&) = delete;

  void start();
  /// Publishes to this broker from now on: the one that the logger listens to.
  void follow(const BrokerAddress& broker);
  void stop() noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mqtt_logger
