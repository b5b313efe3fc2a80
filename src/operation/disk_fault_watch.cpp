#include "mqtt_logger/operation/disk_fault_watch.hpp"

#include "mqtt_logger/base/error.hpp"
#include "mqtt_logger/log/log.hpp"
#include "mqtt_logger/log/try_again.hpp"
#include "mqtt_logger/platform/process.hpp"
#include "mqtt_logger/platform/stop_events.hpp"
#include "mqtt_logger/platform/wake_up.hpp"

#include <utility>

namespace mqtt_logger {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kUntilFault = 1h;
constexpr std::chrono::milliseconds kWhileWaiting = 250ms;
// A thread tries several times a second: after so long without a failed try none waits any more.
constexpr auto kOverAfter = 1s;
// A stop that finds no room for so long will not find any.
constexpr auto kTimeoutWhenStopped = 2s;

}  // namespace

DiskFaultWatch::DiskFaultWatch(std::filesystem::path journal, const Statistics& statistics,
                               std::function<bool()> is_stop_requested,
                               std::function<void(const std::string&)> while_waiting)
    : journal_{std::move(journal)},
      statistics_{statistics},
      is_stop_requested_{std::move(is_stop_requested)},
      while_waiting_{std::move(while_waiting)},
      known_{disk_faults()},
      thread_{[this] { run(); }} {}

DiskFaultWatch::~DiskFaultWatch() {
  is_stopping_.store(true);
  disk_fault_changes().fetch_add(1);
  wake_waiter(disk_fault_changes());
  thread_.join();
}

void DiskFaultWatch::run() noexcept {
  name_this_thread("disk faults");
  while (!is_stopping_.load()) {
    const std::uint32_t seen = disk_fault_changes().load();  // first: what changes from here on ends the wait
    const auto timeout = check(Clock::now());
    if (is_stopping_.load()) return;
    if (timeout == kUntilFault) {
      wait_while_equal(disk_fault_changes(), seen, timeout);
    } else {
      std::this_thread::sleep_for(timeout);
    }
  }
}

std::chrono::milliseconds DiskFaultWatch::check(Clock::time_point now) noexcept {
  const DiskFaults faults = disk_faults();
  if (faults.missing_sync != known_.missing_sync) {
    log::warning(
        "a file system of the exports or of the journal cannot bring files to the device when it is asked to "
        "({}): a power failure may lose what is there, whatever --fsync says",
        faults.missing_sync.message());
  }
  if (faults.failed_stores != known_.failed_stores) {
    last_failed_ = now;
    const std::string what = fmt::format("the journal {} cannot be stored to: {}", journal_.string(),
                                         describe_write_error(faults.store_error, "free that"));
    if (waiting_.is_due(now)) {
      log::error(
          "{}; nothing is lost, and nothing more is taken from the broker until it can, trying again several "
          "times a second",
          what);
    }
    if (while_waiting_) while_waiting_(what);
  } else if (now - last_failed_ > kOverAfter && waiting_.end()) {
    log::info("the journal can be stored to again");
    stopping_since_.reset();
  }
  known_ = faults;
  if (!waiting_.is_lasting()) return kUntilFault;
  check_stop(now);
  return kWhileWaiting;
}

void DiskFaultWatch::check_stop(Clock::time_point now) noexcept {
  if (!is_stop_requested_()) return;
  if (!stopping_since_) stopping_since_ = now;
  if (now - *stopping_since_ < kTimeoutWhenStopped || now - last_failed_ > kOverAfter) return;
  log::error(
      "stopped while the journal cannot be stored to: {}; the journal keeps what is pending, and the next "
      "start writes it",
      to_string(statistics_.totals()));
  log::flush();
  exit_now(static_cast<int>(ExitCode::something_pending));
}

}  // namespace mqtt_logger
