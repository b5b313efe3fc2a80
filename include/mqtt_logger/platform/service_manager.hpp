#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string_view>

namespace mqtt_logger {

/// What has started us as a service and wants to know how it goes: systemd by its notification socket; on
/// Windows the service control manager, by SetServiceStatus(). Without one every function does nothing.
///
/// Threads: main.
/// Errors:  none: a manager that does not listen is no reason not to log.
class ServiceManager {
 public:
  virtual ~ServiceManager() = default;

  /// Whether there is one.
  [[nodiscard]] virtual bool is_present() const noexcept = 0;
  /// Whether what is written to standard error reaches somebody; a service of Windows has nobody there.
  [[nodiscard]] virtual bool keeps_standard_error() const noexcept = 0;
  /// The service is up: whoever waits for it may go on.
  virtual void ready() noexcept = 0;
  /// Settings or files are being read or opened again, until ready(). Not every manager wants to know.
  virtual void reloading() noexcept {}
  /// One line for people, such as `systemctl status` shows.
  virtual void status(std::string_view line) noexcept = 0;
  /// The service is about to end.
  virtual void stopping() noexcept = 0;
  /// The process ends with this exit code as soon as this object goes.
  virtual void stopped(int exit_code) noexcept = 0;
  /// The service is alive; within watchdog_interval(), or the manager ends it and starts it again.
  virtual void alive() noexcept = 0;
  /// Nothing if the manager does not watch.
  [[nodiscard]] virtual std::optional<std::chrono::milliseconds> watchdog_interval() const noexcept = 0;
};

/// The one that has started this process. Call before the first thread starts, and before any path is looked
/// at: on Windows it goes to the folder that the service was installed in. Once in a process. Never null.
[[nodiscard]] std::unique_ptr<ServiceManager> find_service_manager();

}  // namespace mqtt_logger
