#pragma once

#include "mqtt_logger/base/status.hpp"
#include "mqtt_logger/log/log_interval.hpp"
#include "mqtt_logger/options/options.hpp"

#include <cstdint>
#include <filesystem>
#include <vector>

namespace mqtt_logger {

/// Looks how much is left on the disks of the exports and of the journal, and warns below `--min-free`: at
/// once, and again every minute while that lasts.
///
/// Threads: one owner.
class DiskWatch {
 public:
  explicit DiskWatch(const Options& options);

  /// What there is, as it was less than a second ago. A disk that cannot be asked is left out.
  [[nodiscard]] const std::vector<DiskStatus>& check(LogInterval::Clock::time_point now);

 private:
  struct Disk {
    std::filesystem::path folder;
    LogInterval low;
  };

  [[nodiscard]] bool report(Disk& disk, std::uint64_t free_bytes, LogInterval::Clock::time_point now) const;

  std::uint64_t min_free_bytes_;
  std::vector<Disk> disks_;
  std::vector<DiskStatus> status_;
  LogInterval::Clock::time_point next_{};
};

}  // namespace mqtt_logger
