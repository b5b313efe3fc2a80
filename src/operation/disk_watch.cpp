#include "mqtt_logger/operation/disk_watch.hpp"

#include "mqtt_logger/log/log.hpp"
#include "mqtt_logger/platform/file.hpp"

#include <system_error>

namespace mqtt_logger {
namespace {

constexpr std::chrono::seconds kMeasureEvery{1};

}  // namespace

DiskWatch::DiskWatch(const Options& options) : min_free_bytes_{options.min_free_bytes} {
  const std::filesystem::path exports = folder_of(options.output);
  disks_.push_back({exports, {}});
  if (!options.journal_in_file || options.journal.empty()) return;  // beside the exports
  const std::filesystem::path journal = folder_of(options.journal);
  if (journal != exports) disks_.push_back({journal, {}});
}

const std::vector<DiskStatus>& DiskWatch::check(LogInterval::Clock::time_point now) {
  if (now < next_) return status_;
  next_ = now + kMeasureEvery;
  status_.clear();
  for (Disk& disk : disks_) {
    std::error_code error;
    const std::filesystem::space_info space = std::filesystem::space(disk.folder, error);
    if (error) continue;  // whoever writes there says what is wrong
    status_.push_back({disk.folder.string(), space.available, report(disk, space.available, now)});
  }
  return status_;
}

// It is over when there is a little more than enough, so that it does not come and go with each file.
bool DiskWatch::report(Disk& disk, std::uint64_t free_bytes, LogInterval::Clock::time_point now) const {
  constexpr std::uint64_t kPartToExceed = 16;
  if (free_bytes < min_free_bytes_) {
    if (disk.low.is_due(now)) {
      log::warning("only {} bytes are left on the disk of {}; --min-free asks for {}", free_bytes,
                   disk.folder.string(), min_free_bytes_);
    }
  } else if (free_bytes - min_free_bytes_ >= min_free_bytes_ / kPartToExceed && disk.low.end()) {
    log::info("{} bytes are left again on the disk of {}", free_bytes, disk.folder.string());
  }
  return free_bytes < min_free_bytes_;
}

}  // namespace mqtt_logger
