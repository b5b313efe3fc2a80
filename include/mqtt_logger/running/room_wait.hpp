#pragma once

#include "mqtt_logger/options.hpp"
#include "mqtt_logger/platform/background.hpp"
#include "mqtt_logger/platform/service_manager.hpp"
#include "mqtt_logger/platform/stop_events.hpp"
#include "mqtt_logger/reminder.hpp"
#include "mqtt_logger/running/prompt.hpp"
#include "mqtt_logger/try_again.hpp"

#include <string>
#include <system_error>

namespace mqtt_logger {

/// Waits at the start while a disk has no room for what is needed, as the running logger does: says so at
/// once and then every minute, tries again each second, and ends if a stop is asked for. A service counts as
/// started meanwhile, and as alive; the command of `--background` hears what it waits for.
///
/// Threads: main.
class RoomWait {
 public:
  RoomWait(const Options& options, StopEvents& stop_events, ServiceManager& service_manager,
           Background* background);

  [[nodiscard]] TryAgain try_again() {
    return [this](const std::error_code& error, const std::string& what) { return wait(error, what); };
  }
  /// All that the start needs is there.
  void end();
  /// A stop was asked for while it waited.
  [[nodiscard]] bool was_stopped() const noexcept { return was_stopped_; }

 private:
  bool wait(const std::error_code& error, const std::string& what);
  void report(const std::string& line);

  const Options& options_;
  StopEvents& stop_events_;
  ServiceManager& service_manager_;
  Background* background_;
  Prompt prompt_;
  Reminder waiting_;
  bool is_reported_ = false;
  bool was_stopped_ = false;
};

}  // namespace mqtt_logger
