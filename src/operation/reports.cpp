#include "mqtt_logger/operation/reports.hpp"

#include "mqtt_logger/base/error.hpp"
#include "mqtt_logger/base/escape.hpp"
#include "mqtt_logger/log/log.hpp"
#include "mqtt_logger/operation/service_report.hpp"
#include "mqtt_logger/platform/process.hpp"

#include <fmt/core.h>

#include <string_view>
#include <utility>

namespace mqtt_logger {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kEvery = 1s;

ReceiveTime now() {
  return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
}

}  // namespace

Reports::Reports(const Options& options, LockFile& lock, LockFile* pid_file, Background* background,
                 std::function<Status()> take_snapshot)
    : background_{background},
      is_log_lost_{background != nullptr && options.log_file.empty() && !background->has_system_log()},
      take_snapshot_{std::move(take_snapshot)},
      files_{options, lock, pid_file},
      started_{now()} {}

std::chrono::milliseconds Reports::advance() {
  const bool was_subscribed = status_.connection.is_subscribed;
  const std::uint64_t failures = status_.connection.failures;
  update();
  const bool has_changed =
      status_.connection.is_subscribed != was_subscribed || status_.connection.failures != failures;
  const auto time = Clock::now();
  if (time >= next_ || has_changed) {
    next_ = time + kEvery;
    files_.show(status_);
    report_start();
    report_stale();
  }
  return std::chrono::ceil<std::chrono::milliseconds>(next_ - time);
}

void Reports::finish() {
  update();
  files_.finish(status_);
}

void Reports::update() {
  status_ = take_snapshot_();
  status_.time = now();
  status_.started = started_;
  status_.process_id = process_id();
  status_.received_per_second = received_.measure(status_.totals.received - status_.totals.replayed);
  status_.disks = files_.disks();
  status_.written_per_second = written_.measure(status_.totals.written);
}

void Reports::report_start() {
  if (background_ == nullptr || is_start_reported_ || !is_start_decided(status_.connection)) return;
  is_start_reported_ = true;
  const std::string_view warning =
      is_log_lost_
          ? "\nmqtt-logger: warning: this machine has no system log; without --log-file the log is lost"
          : "";
  files_.wait_until_shown();  // whoever waits for us may ask for it at once
  if (status_.connection.is_subscribed) {
    background_->report(static_cast<int>(ExitCode::everything_written),
                        fmt::format("mqtt-logger: process {}, {}{}", status_.process_id,
                                    describe_in_one_line(status_), warning));
  } else {
    background_->report(
        static_cast<int>(ExitCode::something_pending),
        fmt::format("mqtt-logger: process {} is not connected to {} yet: {}; it keeps trying{}",
                    status_.process_id, escaped(status_.connection.broker),
                    escaped(status_.connection.last_failure), warning));
  }
}

void Reports::report_stale() {
  for (const FilterStatus& filter : status_.filters) {
    if (filter.is_stale && stale_.insert(filter.filter).second) {
      log::warning("nothing came on '{}' for {} s", filter.filter, filter.silent_for.count());
    } else if (!filter.is_stale && stale_.erase(filter.filter) > 0) {
      log::info("messages come again on '{}'", filter.filter);
    }
  }
}

}  // namespace mqtt_logger
