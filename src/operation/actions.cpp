#include "mqtt_logger/operation/actions.hpp"

#include "mqtt_logger/base/escape.hpp"
#include "mqtt_logger/operation/output_lock.hpp"
#include "mqtt_logger/platform/environment.hpp"
#include "mqtt_logger/platform/lock_file.hpp"
#include "mqtt_logger/platform/service_registration.hpp"

#include "status_text.hpp"

#include <fmt/core.h>

#include <chrono>
#include <cstdio>
#include <string>
#include <thread>

namespace mqtt_logger {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto kStopTimeout = 2min;
constexpr auto kCheckEvery = 20ms;
constexpr int kReadings = 50;  // of a status that is being replaced

void print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
}

LockReading read(const std::filesystem::path& path) {
  LockReading reading;
  if (const std::error_code error = read_lock(path, reading)) {
    throw StartupError{ExitCode::output_unusable,
                       fmt::format("{}: cannot be read: {}", path.string(), error.message())};
  }
  return reading;
}

}  // namespace

ExitCode show_status(const Options& options) {
  const auto path = output_lock_path(options);
  LockReading reading;
  for (int i = 0; i < kReadings; ++i) {
    reading = read(path);
    if (!reading.is_held) {
      print(fmt::format("no logger runs for --output {}\n", escaped(options.output.string())));
      return ExitCode::something_pending;
    }
    if (const auto status = read_status(reading.text)) {
      const auto now = std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
      print(describe(*status, now));
      return ExitCode::everything_written;
    }
    std::this_thread::sleep_for(kCheckEvery);
  }
  if (reading.is_foreign) {
    print(fmt::format("no logger runs for --output {}, but a program that is none has locked {}\n",
                      escaped(options.output.string()), escaped(path.string())));
    return ExitCode::something_pending;
  }
  const std::string who = reading.holder == 0 ? "somebody" : fmt::format("process {}", reading.holder);
  print(fmt::format("running        as {}, whose state is not known yet\n", who));
  return ExitCode::everything_written;
}

ExitCode stop_running_logger(const Options& options) {
  const auto path = options.pid_file.empty() ? output_lock_path(options) : options.pid_file;
  std::uint64_t holder = 0;
  const std::error_code error = ask_holder_to_stop(path, holder);
  if (error == std::errc::no_such_process) {
    print(options.pid_file.empty()
              ? fmt::format("no logger runs for --output {}\n", escaped(options.output.string()))
              : fmt::format("no logger runs for --pid-file {}\n", escaped(path.string())));
    return ExitCode::everything_written;
  }
  if (error == std::errc::resource_unavailable_try_again) {
    throw StartupError{ExitCode::something_pending,
                       fmt::format("--stop: a logger runs, but {} does not say as which process: there was "
                                   "no room on the disk; try again when there is some",
                                   path.string())};
  }
  if (error == std::errc::device_or_resource_busy) {
    throw StartupError{
        ExitCode::something_pending,
        fmt::format("--stop: {} is locked by a program that is no logger, and the logger that has "
                    "written it is gone; nobody is asked to stop",
                    path.string())};
  }
  if (error) {
    throw StartupError{ExitCode::output_unusable,
                       fmt::format("--stop: process {} of {} cannot be stopped: {}", holder, path.string(),
                                   error.message())};
  }
  for (const auto deadline = Clock::now() + kStopTimeout; Clock::now() < deadline;) {
    const LockReading reading = read(path);
    if (!reading.is_held || reading.holder != holder) {
      print(fmt::format("process {} has stopped\n", holder));
      return ExitCode::everything_written;
    }
    std::this_thread::sleep_for(kCheckEvery);
  }
  throw StartupError{
      ExitCode::something_pending,
      fmt::format("--stop: process {} was asked to stop and still runs after {} s; --status shows its state",
                  holder, std::chrono::seconds{kStopTimeout}.count())};
}

ExitCode install_as_service(const Options& options, const std::vector<std::string>& arguments) {
  constexpr std::string_view kOption = "--install-service";
  if (options.background)
    refuse(
        "--install-service: cannot be combined with --background: a service runs in the background anyway");
  for (const EnvironmentVariable& variable : list_environment()) {
    if (!variable.name.starts_with("MQTT_LOGGER_")) continue;
    refuse(
        fmt::format("--install-service: the service would not see the variable {}; give it as an option, or "
                    "in the file of --config or --password-file",
                    variable.name));
  }
  std::vector<std::string> kept;
  for (const std::string& argument : arguments) {
    if (argument != kOption && !argument.starts_with(fmt::format("{}=", kOption))) kept.push_back(argument);
  }
  print(install_service(kept));
  return ExitCode::everything_written;
}

ExitCode uninstall_as_service() {
  print(uninstall_service());
  return ExitCode::everything_written;
}

}  // namespace mqtt_logger
