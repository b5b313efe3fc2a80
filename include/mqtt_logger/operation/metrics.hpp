#pragma once

#include "mqtt_logger/base/status.hpp"
#include "mqtt_logger/options/options.hpp"

#include <chrono>
#include <filesystem>
#include <string>

namespace mqtt_logger {

/// A status in Prometheus' text format (version 0.0.4), each metric with its help and type.
[[nodiscard]] std::string to_metrics(const Status& status);

/// The file of `--metrics-file`, replaced as a whole every `--stats-every`.
///
/// Threads: main.
/// Errors:  a file that cannot be replaced is a warning, once until it can be again.
class MetricsFile {
 public:
  explicit MetricsFile(const Options& options);

  /// Replaces the file if that is due.
  void report(const Status& status);
  /// Replaces it whether or not it is due: the last state, when the logger ends.
  void write(const Status& status);

 private:
  using Clock = std::chrono::steady_clock;

  std::filesystem::path path_;
  std::chrono::milliseconds interval_;
  Clock::time_point next_{};
  bool is_failing_ = false;
};

/// Refuses a --metrics-file that is not ours to replace, and removes what a crash left beside it. Throws
/// StartupError (output_unusable).
void prepare_metrics_file(const Options& options);

}  // namespace mqtt_logger
