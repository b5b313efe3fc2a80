#pragma once

#include "mqtt_logger/base/totals.hpp"
#include "mqtt_logger/log/log_interval.hpp"
#include "mqtt_logger/platform/disk_faults.hpp"

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <thread>

namespace mqtt_logger {

/// Says what disk_faults() tells: that a thread waits because the disk takes nothing that it stores to the
/// journal, when that is over, and that a file system cannot bring files to the device. A thread that waits
/// so cannot be asked to end: if a stop is asked for and the disk still takes nothing, the process ends from
/// here, with its account.
///
/// Threads: made and destroyed by the main thread; one of its own, which sleeps until there is a fault.
class DiskFaultWatch {
 public:
  /// `while_waiting` is called some times a second while a thread waits, by the own thread, with what is
  /// wrong.
  DiskFaultWatch(std::filesystem::path journal, const Statistics& statistics,
                 std::function<bool()> is_stop_requested,
                 std::function<void(const std::string&)> while_waiting = {});
  ~DiskFaultWatch();
  DiskFaultWatch(const DiskFaultWatch&) = delete;
  DiskFaultWatch& operator=(const DiskFaultWatch&) = delete;

 private:
  using Clock = std::chrono::steady_clock;

  void run() noexcept;
  /// When to look again.
  std::chrono::milliseconds check(Clock::time_point now) noexcept;
  void check_stop(Clock::time_point now) noexcept;

  const std::filesystem::path journal_;
  const Statistics& statistics_;
  const std::function<bool()> is_stop_requested_;
  const std::function<void(const std::string&)> while_waiting_;

  // The own thread's.
  DiskFaults known_;
  LogInterval waiting_;
  Clock::time_point last_failed_{};
  std::optional<Clock::time_point> stopping_since_;

  std::atomic<bool> is_stopping_{false};
  std::thread thread_;
};

}  // namespace mqtt_logger
