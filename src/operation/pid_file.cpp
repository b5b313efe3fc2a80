#include "mqtt_logger/operation/pid_file.hpp"

#include "mqtt_logger/base/error.hpp"
#include "mqtt_logger/platform/process.hpp"

#include <fmt/core.h>

#include <cstdint>
#include <string>

namespace mqtt_logger {
namespace {

[[noreturn]] void fail(const Options& options, const std::string& what) {
  throw StartupError{ExitCode::output_unusable,
                     fmt::format("--pid-file {}: {}", options.pid_file.string(), what)};
}

void check(const Options& options, const std::error_code& error, std::string_view doing) {
  if (error == std::errc::file_exists)
    fail(options, "is another kind of file; choose another name, or remove it");
  if (error == std::errc::no_lock_available) {
    fail(options, fmt::format("its file system has no file locks ({}), by which others see that this logger "
                              "runs; choose a place on another disk",
                              error.message()));
  }
  if (error) fail(options, fmt::format("cannot be {}: {}", doing, error.message()));
}

}  // namespace

std::unique_ptr<LockFile> take_pid_file(const Options& options, const TryAgain& try_again) {
  if (options.pid_file.empty()) return nullptr;
  LockReading reading;
  check(options, read_lock(options.pid_file, reading), "read");
  if (reading.is_foreign) fail(options, "is locked by a program that is no logger");
  if (reading.is_held) fail(options, fmt::format("in use by another logger, process {}", reading.holder));
  std::uint64_t other = 0;
  check(options, find_living_process(options.pid_file, other), "read");
  if (other != 0 && other != process_id()) {
    fail(options, fmt::format("names process {}, which runs and is no logger of this file; choose another "
                              "name, or remove the file",
                              other));
  }
  std::unique_ptr<LockFile> lock;
  std::uint64_t holder = 0;
  const std::error_code error = call_until_done(
      try_again, [&] { return take_lock(options.pid_file, lock, holder); },
      [&options](const std::error_code& failed) {
        return fmt::format("--pid-file {}: cannot be written: {}", options.pid_file.string(),
                           describe_write_error(failed, "choose another place"));
      });
  if (error == std::errc::resource_unavailable_try_again) {
    fail(options, fmt::format("in use by another logger, process {}", holder));
  }
  check(options, error, "written");
  return lock;
}

}  // namespace mqtt_logger
