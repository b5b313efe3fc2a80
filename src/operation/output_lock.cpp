#include "mqtt_logger/operation/output_lock.hpp"

#include "mqtt_logger/base/error.hpp"
#include "mqtt_logger/platform/file.hpp"

#include <fmt/core.h>

#include <cstdint>

namespace mqtt_logger {

std::filesystem::path output_lock_path(const Options& options) {
  std::filesystem::path path = options.output;
  path += ".lock";
  return path;
}

std::unique_ptr<LockFile> lock_output(const Options& options, const TryAgain& try_again) {
  if (const auto folder = options.output.parent_path(); !folder.empty()) {
    const auto describe = [&](const std::error_code& error) {
      return fmt::format("--output {}: cannot make the folder {}: {}", options.output.string(),
                         folder.string(), error.message());
    };
    const std::error_code error = call_until_done(
        try_again, [&folder] { return system_files().create_folders(folder); }, describe);
    if (error) throw StartupError{ExitCode::output_unusable, describe(error)};
  }
  std::unique_ptr<LockFile> lock;
  std::uint64_t holder = 0;
  const auto describe = [&options](const std::error_code& failed) {
    return fmt::format("--output {}: cannot write in its folder: {}", options.output.string(),
                       describe_write_error(failed, "choose another place"));
  };
  std::error_code error = call_until_done(
      try_again, [&] { return take_lock(output_lock_path(options), lock, holder, LockKind::output); },
      describe);
  if (error == std::errc::permission_denied) {  // as where another user's logger runs
    LockReading reading;
    if (!read_lock(output_lock_path(options), reading) && reading.is_held) {
      error = std::make_error_code(std::errc::resource_unavailable_try_again);
      holder = reading.holder;
    }
  }
  if (error == std::errc::resource_unavailable_try_again) {
    throw StartupError{
        ExitCode::output_unusable,
        fmt::format("--output {}: in use by another {}; stop that one or choose another output",
                    options.output.string(),
                    holder == 0 ? std::string{"process"} : fmt::format("logger, process {}", holder))};
  }
  FileStatus found;
  if (error == std::errc::permission_denied && !system_files().look_up(output_lock_path(options), found)) {
    throw StartupError{
        ExitCode::output_unusable,
        fmt::format("--output {}: in use by a logger of another user, or left so ({}); choose another "
                    "output, or remove that file if none runs",
                    options.output.string(), output_lock_path(options).string())};
  }
  if (error == std::errc::file_exists) {
    throw StartupError{
        ExitCode::output_unusable,
        fmt::format("--output {}: {} is another kind of file; choose another output, or remove it",
                    options.output.string(), output_lock_path(options).string())};
  }
  if (error == std::errc::no_lock_available) {
    throw StartupError{
        ExitCode::output_unusable,
        fmt::format("--output {}: the file system of its folder has no file locks ({}), without which two "
                    "loggers could write to the same files; mount it with locks, or choose an output on "
                    "another disk",
                    options.output.string(), error.message())};
  }
  if (error) throw StartupError{ExitCode::output_unusable, describe(error)};
  return lock;
}

}  // namespace mqtt_logger
