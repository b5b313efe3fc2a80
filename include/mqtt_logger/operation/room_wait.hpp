#pragma once

#include "mqtt_logger/log/log_interval.hpp"
#include "mqtt_logger/log/try_again.hpp"
#include "mqtt_logger/operation/prompt.hpp"
#include "mqtt_logger/options/options.hpp"
#include "mqtt_logger/platform/background.hpp"
#include "mqtt_logger/platform/service_manager.hpp"
#include "mqtt_logger/platform/stop_events.hpp"

#include <mutex>
#include <string>
#include <system_error>

namespace mqtt_logger {

/// Waits at the start while a disk has no room for what is needed, as the running logger does: says so at
/// once and then every minute, tries again each second, and ends if a stop is asked for. A service counts as
/// started meanwhile, and as alive; the command of `--background` hears what it waits for.
///
/// Threads: main, but for note_store_wait().
class RoomWait {
 public:
  RoomWait(const Options& options, StopEvents& stop_events, ServiceManager& service_manager,
           Background* background);

  [[nodiscard]] TryAgain try_again() {
    return [this](const std::error_code& error, const std::string& what) { return wait(error, what); };
  }
  /// All that the start needs is there.
  void end();
  /// The main thread itself waits, because the journal cannot be stored to. Another thread.
  void note_store_wait(const std::string& what);
  /// A stop was asked for while it waited.
  [[nodiscard]] bool was_stopped() const noexcept { return was_stopped_; }

 private:
  bool wait(const std::error_code& error, const std::string& what);
  /// With the mutex held.
  void report(const std::string& line);

  const Options& options_;
  StopEvents& stop_events_;
  ServiceManager& service_manager_;
  Background* background_;
  Prompt prompt_;
  LogInterval waiting_;
  std::mutex mutex_;  // guards what follows, and whom it is reported to
  bool is_reported_ = false;
  bool is_over_ = false;

  bool was_stopped_ = false;
};

}  // namespace mqtt_logger
