#pragma once

#include "mqtt_logger/base/status.hpp"
#include "mqtt_logger/operation/rate_meter.hpp"
#include "mqtt_logger/operation/status_files.hpp"
#include "mqtt_logger/options/options.hpp"
#include "mqtt_logger/platform/background.hpp"
#include "mqtt_logger/platform/lock_file.hpp"

#include <chrono>
#include <functional>
#include <set>
#include <string>

namespace mqtt_logger {

/// Tells everybody who asked for it what the logger does: `--status` (by the lock file), `--metrics-file`,
/// the command that waits for `--background`, and the log for topic filters that went silent.
///
/// Threads: main.
class Reports {
 public:
  /// `pid_file` and `background` may be null. `take_snapshot` fills in all but time, start, process and
  /// rates.
  Reports(const Options& options, LockFile& lock, LockFile* pid_file, Background* background,
          std::function<Status()> take_snapshot);

  /// Once a second, or when the connection has changed; returns how long nothing will be due.
  [[nodiscard]] std::chrono::milliseconds advance();
  /// The last state, when all has been written.
  void finish();
  /// The last snapshot.
  [[nodiscard]] const Status& status() const noexcept { return status_; }

 private:
  using Clock = std::chrono::steady_clock;

  void update();
  void report_start();
  void report_stale();

  Background* background_;
  const bool is_log_lost_;
  std::function<Status()> take_snapshot_;
  StatusFiles files_;
  RateMeter received_;
  RateMeter written_;
  ReceiveTime started_;
  Clock::time_point next_{};
  Status status_;
  bool is_start_reported_ = false;
  std::set<std::string> stale_;
};

}  // namespace mqtt_logger
