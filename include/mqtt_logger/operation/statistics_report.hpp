#pragma once

#include "mqtt_logger/base/totals.hpp"

#include <chrono>

namespace mqtt_logger {

/// A line of statistics each interval, if something has changed.
///
/// Threads: main.
class StatisticsReport {
 public:
  /// `interval` zero: never.
  StatisticsReport(const Statistics& statistics, std::chrono::milliseconds interval);

  /// Does what is due; returns how long nothing will be.
  [[nodiscard]] std::chrono::milliseconds advance();

 private:
  using Clock = std::chrono::steady_clock;

  const Statistics& statistics_;
  std::chrono::milliseconds interval_;
  Clock::time_point next_;
  MessageTotals last_;
};

}  // namespace mqtt_logger
