#include "mqtt_logger/running/output_lock.hpp"

#include "mqtt_logger/error.hpp"
#include "mqtt_logger/platform/file.hpp"

#include <fmt/core.h>

#include <cstdint>

namespace mqtt_logger {

std::filesystem::path output_lock_path(const Options& options) {
  std::filesystem::path path = options.output;
  path += ".lock";
  return path;
}

std::unique_ptr<LockFile> lock_output(const Options& options) {
  if (const auto folder = options.output.parent_path(); !folder.empty()) {
    if (const std::error_code error = system_files().create_folders(folder)) {
      throw StartupError{ExitCode::output_unusable,
                         fmt::format("--output {}: cannot make the folder {}: {}", options.output.string(),
                                     folder.string(), error.message())};
    }
  }
  std::unique_ptr<LockFile> lock;
  std::uint64_t holder = 0;
  std::error_code error = take_lock(output_lock_path(options), lock, holder, LockKind::output);
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
  if (error) {
    throw StartupError{ExitCode::output_unusable, fmt::format("--output {}: cannot write in its folder: {}",
                                                              options.output.string(), error.message())};
  }
  return lock;
}

}  // namespace mqtt_logger
