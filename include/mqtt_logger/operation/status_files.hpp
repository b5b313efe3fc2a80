#pragma once

#include "mqtt_logger/base/status.hpp"
#include "mqtt_logger/operation/disk_watch.hpp"
#include "mqtt_logger/operation/metrics.hpp"
#include "mqtt_logger/options/options.hpp"
#include "mqtt_logger/platform/lock_file.hpp"

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace mqtt_logger {

/// Puts the status where others look for it, the lock file for `--status` and the file of `--metrics-file`,
/// and asks the disks how much is left: all that would hold up the main thread while a disk does not answer.
///
/// Threads: show(), wait_until_shown(), disks() and finish() by the main thread; a thread of its own does the
/// work.
class StatusFiles {
 public:
  /// `pid_file` may be null.
  StatusFiles(const Options& options, LockFile& lock, LockFile* pid_file);
  ~StatusFiles();
  StatusFiles(const StatusFiles&) = delete;
  StatusFiles& operator=(const StatusFiles&) = delete;

  /// Hands a status over, to be written as soon as the disk takes it; of several the last.
  void show(const Status& status);
  /// Until what was handed over is there, but no longer than the disk deserves.
  void wait_until_shown();
  /// As they were at the last look.
  [[nodiscard]] std::vector<DiskStatus> disks();
  /// Ends the thread, and writes the last state.
  void finish(const Status& status);

 private:
  void run() noexcept;
  void stop() noexcept;
  void publish(const Status& status);

  /// A lock file that somebody has deleted is made again, so that others find the logger.
  class Kept {
   public:
    Kept(LockFile* file, std::string name) : file_{file}, name_{std::move(name)} {}
    void keep();

   private:
    LockFile* file_;  // may be null
    std::string name_;
    bool is_failing_ = false;
  };

  LockFile& lock_;
  Kept kept_lock_;
  Kept kept_pid_file_;
  std::filesystem::path log_file_;
  MetricsFile metrics_;
  DiskWatch disk_watch_;
  bool is_publishing_failing_ = false;

  std::mutex mutex_;  // over what follows
  std::condition_variable is_wanted_;
  std::condition_variable is_done_;
  bool is_working_ = false;
  std::optional<Status> next_;
  std::vector<DiskStatus> disks_;
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace mqtt_logger
