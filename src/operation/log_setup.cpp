#include "mqtt_logger/operation/log_setup.hpp"

#include "mqtt_logger/base/escape.hpp"
#include "mqtt_logger/log/log.hpp"
#include "mqtt_logger/platform/disk_faults.hpp"
#include "mqtt_logger/platform/log_output.hpp"

#include <fmt/core.h>

#include <string>

namespace mqtt_logger {
namespace {

bool is_log_file_wanting = false;  // the main thread's

std::string describe(const Options& options, const std::error_code& error) {
  return fmt::format("--log-file {}: cannot be written: {}", options.log_file.string(),
                     describe_write_error(error, "choose another place"));
}

}  // namespace

void set_up_log(const Options& options) {
  log::set_level(options.log_level);
  if (options.background) log::use_system_log(true);
  if (options.log_file.empty()) return;
  const std::error_code error = redirect_standard_error(options.log_file);
  is_log_file_wanting = is_want_of_room(error);
  if (is_log_file_wanting) return;
  if (error) throw StartupError{ExitCode::output_unusable, describe(options, error)};
  log::use_system_log(false);
}

void finish_log_setup(const Options& options, const TryAgain& try_again) {
  if (!is_log_file_wanting) return;
  const std::error_code error = call_until_done(
      try_again,
      [&options] {
        const std::error_code failed = redirect_standard_error(options.log_file);
        if (!failed) log::use_system_log(false);
        return failed;
      },
      [&options](const std::error_code& failed) { return describe(options, failed); });
  if (error) throw StartupError{ExitCode::output_unusable, describe(options, error)};
  is_log_file_wanting = false;
}

void reopen_log(const Options& options) {
  if (options.log_file.empty()) return;
  log::flush();  // what was logged before is looked for in the old file
  if (const std::error_code error = redirect_standard_error(options.log_file)) {
    log::error("--log-file {} cannot be opened again: {}; continuing with the old one",
               options.log_file.string(), error.message());
  }
}

void keep_log(const std::filesystem::path& path) {
  if (path.empty() || !is_standard_error_deleted()) return;
  log::flush();
  if (redirect_standard_error(path)) return;  // tried again with the next look
  log::warning("--log-file {} was deleted by somebody else, with what was logged since; started a new file",
               path.string());
}

void report_startup_error(const Options& options, Background* background, const StartupError& error) {
  log::error("{}", error.what());
  const std::string line = "mqtt-logger: " + escaped(error.what());
  if (background != nullptr) {
    background->report(static_cast<int>(error.exit_code()), line);  // the waiting command prints it
  } else if (!options.log_file.empty()) {
    write_to_former_standard_error(line + '\n');
  }
}

}  // namespace mqtt_logger
