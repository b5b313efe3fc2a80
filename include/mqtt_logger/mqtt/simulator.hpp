#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "mqtt_logger/options.hpp"

namespace mqtt_logger {

/// Publishes readings of simulated sensors to the broker, through a client of its own.
///
/// Threads: start() and stop() by the main thread; a thread of its own publishes and reconnects.
/// Owns:    its client and thread; stop() (or the destructor) ends both.
/// Errors:  a broker that is away is tried again for ever, in silence after the first line: the subscriber reports.
class Simulator {
 public:
  explicit Simulator(const Options& options);
  ~Simulator();
  Simulator(const Simulator&) = delete;
  Simulator& operator=(const Simulator&) = delete;

  void start();
  void stop() noexcept;

  /// Readings that the broker has acknowledged (at QoS 0: that were handed to the socket).
  [[nodiscard]] std::uint64_t published() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mqtt_logger
