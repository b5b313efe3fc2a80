#include "mqtt_logger/operation/status_files.hpp"

#include "mqtt_logger/log/log.hpp"
#include "mqtt_logger/operation/log_setup.hpp"
#include "mqtt_logger/operation/output_lock.hpp"
#include "mqtt_logger/platform/process.hpp"

#include "status_text.hpp"

#include <chrono>
#include <exception>
#include <utility>

namespace mqtt_logger {
namespace {

constexpr std::chrono::seconds kFlushTimeout{2};

}  // namespace

StatusFiles::StatusFiles(const Options& options, LockFile& lock, LockFile* pid_file)
    : lock_{lock},
      kept_lock_{&lock, output_lock_path(options).string()},
      kept_pid_file_{pid_file, options.pid_file.string()},
      log_file_{options.log_file},
      metrics_{options},
      disk_watch_{options} {}

StatusFiles::~StatusFiles() {
  stop();
}

void StatusFiles::show(const Status& status) {
  if (!thread_.joinable()) thread_ = std::thread{[this] { run(); }};
  {
    const std::lock_guard lock{mutex_};
    next_ = status;
  }
  is_wanted_.notify_one();
}

void StatusFiles::wait_until_shown() {
  std::unique_lock lock{mutex_};
  is_done_.wait_for(lock, kFlushTimeout, [this] { return !next_ && !is_working_; });
}

std::vector<DiskStatus> StatusFiles::disks() {
  const std::lock_guard lock{mutex_};
  return disks_;
}

void StatusFiles::finish(const Status& status) {
  stop();
  metrics_.write(status);
}

void StatusFiles::stop() noexcept {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock{mutex_};
    is_stopping_ = true;
  }
  is_wanted_.notify_one();
  thread_.join();
}

void StatusFiles::run() noexcept {
  name_this_thread("status");
  for (;;) {
    Status status;
    {
      std::unique_lock lock{mutex_};
      is_wanted_.wait(lock, [this] { return next_ || is_stopping_; });
      if (is_stopping_) return;
      status = std::move(*std::exchange(next_, std::nullopt));
      is_working_ = true;
    }
    try {
      publish(status);
    } catch (const std::exception& error) {
      log::warning("the status cannot be shown: {}", error.what());
    }
    {
      const std::lock_guard lock{mutex_};
      is_working_ = false;
    }
    is_done_.notify_one();
  }
}

void StatusFiles::Kept::keep() {
  if (file_ == nullptr) return;
  bool was_missing = false;
  const std::error_code error = file_->keep(was_missing);
  if (was_missing) log::warning("{} was deleted or moved by somebody else; it is made again", name_);
  if (error && !is_failing_) {
    log::warning(
        "{} was deleted, moved or replaced by somebody else, and cannot be made again: {}; trying again",
        name_, error.message());
  }
  is_failing_ = static_cast<bool>(error);
}

void StatusFiles::publish(const Status& status) {
  std::vector<DiskStatus> disks = disk_watch_.check(LogInterval::Clock::now());
  {
    const std::lock_guard lock{mutex_};
    disks_ = std::move(disks);
  }
  keep_log(log_file_);
  kept_lock_.keep();
  kept_pid_file_.keep();
  const std::error_code error = lock_.publish(write_status(status));
  if (error && !is_publishing_failing_)
    log::warning("what --status shows cannot be renewed: {}", error.message());
  is_publishing_failing_ = static_cast<bool>(error);
  metrics_.report(status);
}

}  // namespace mqtt_logger
