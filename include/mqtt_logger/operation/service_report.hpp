#pragma once

#include "mqtt_logger/base/status.hpp"
#include "mqtt_logger/platform/service_manager.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace mqtt_logger {

/// One line about a logger, for people: "logging sensors/#; received 12, written 12, …".
[[nodiscard]] std::string describe_in_one_line(const Status& status);

/// Whether it is known how the first connection went: messages come, or it is known why not yet.
[[nodiscard]] bool is_start_decided(const ConnectionStatus& connection) noexcept;

/// Tells the service manager when we are ready and how it goes, and that the writer thread lives.
///
/// Ready is after the first subscription, or after the first failure to get one: the logger then waits for
/// the broker, which is its duty, and nobody's boot shall wait with it. The status line says which.
///
/// The watchdog is fed by the writer thread's progress: it is woken, and unless it has then done an
/// iteration, nothing is sent. A writer that retries on a full disk does iterations; one that hangs in a
/// system call does not.
///
/// Threads: main.
class ServiceReport {
 public:
  /// `writer_iterations` only grows as long as the writer thread lives; `wake_writer` makes it do an
  /// iteration.
  ServiceReport(ServiceManager& manager, std::function<std::uint64_t()> writer_iterations,
                std::function<void()> wake_writer);

  void report(const Status& status);
  /// The writer was asked to open the exports again: until it has done so we are not ready.
  void reloading();
  /// Feeds the watchdog, and ends a reload; returns how long nothing will be due.
  [[nodiscard]] std::chrono::milliseconds advance();
  void stopping();

 private:
  using Clock = std::chrono::steady_clock;

  [[nodiscard]] std::chrono::milliseconds feed_watchdog();

  ServiceManager& manager_;
  std::function<std::uint64_t()> writer_iterations_;
  std::function<void()> wake_writer_;
  bool is_ready_ = false;
  std::string last_line_;
  Clock::time_point next_check_ = Clock::now();
  std::uint64_t iterations_seen_ = 0;
  std::optional<std::uint64_t> reloaded_with_iteration_;  // while reloading
};

}  // namespace mqtt_logger
