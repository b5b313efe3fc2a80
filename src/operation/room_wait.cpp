#include "mqtt_logger/operation/room_wait.hpp"

#include "mqtt_logger/base/error.hpp"
#include "mqtt_logger/base/escape.hpp"
#include "mqtt_logger/log/log.hpp"
#include "mqtt_logger/operation/log_setup.hpp"
#include "mqtt_logger/platform/disk_faults.hpp"
#include "mqtt_logger/platform/process.hpp"

#include <fmt/core.h>

#include <chrono>

namespace mqtt_logger {
namespace {

constexpr std::chrono::seconds kTryAgainAfter{1};

}  // namespace

RoomWait::RoomWait(const Options& options, StopEvents& stop_events, ServiceManager& service_manager,
                   Background* background)
    : options_{options},
      stop_events_{stop_events},
      service_manager_{service_manager},
      background_{background},
      prompt_{stop_events} {}

void RoomWait::end() {
  const std::lock_guard lock{mutex_};
  is_over_ = true;
  if (waiting_.end()) log::info("there is room again for what the start needs");
}

void RoomWait::note_store_wait(const std::string& what) {
  const std::lock_guard lock{mutex_};
  if (is_over_) return;
  report(what);
  service_manager_.alive();
}

bool RoomWait::wait(const std::error_code& error, const std::string& what) {
  if (!is_want_of_room(error)) return false;
  using Clock = std::chrono::steady_clock;
  if (waiting_.is_due(Clock::now())) {
    log::error("{}; nothing is taken from the broker until there is room, trying again each second", what);
    const std::lock_guard lock{mutex_};
    report(what);
  }
  for (const auto deadline = Clock::now() + kTryAgainAfter; Clock::now() < deadline;) {
    prompt_.advance();
    service_manager_.alive();
    stop_events_.wait(std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()));
    if (stop_events_.take_reopen_request()) reopen_log(options_);
    was_stopped_ = stop_events_.is_stop_requested();
    if (was_stopped_) return false;
  }
  return true;
}

void RoomWait::report(const std::string& line) {
  if (is_reported_) return;
  is_reported_ = true;
  service_manager_.status(escaped("waiting for room on a disk: " + line));
  service_manager_.ready();
  if (background_ == nullptr) return;
  background_->report(static_cast<int>(ExitCode::something_pending),
                      fmt::format("mqtt-logger: process {} waits for room on a disk: {}; it keeps trying",
                                  process_id(), escaped(line)));
}

}  // namespace mqtt_logger
