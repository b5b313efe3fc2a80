#include "mqtt_logger/app.hpp"
#include "mqtt_logger/error.hpp"
#include "mqtt_logger/log.hpp"
#include "mqtt_logger/mqtt/subscriber.hpp"
#include "mqtt_logger/options/options_cli.hpp"
#include "mqtt_logger/options/secrets.hpp"
#include "mqtt_logger/platform/arguments.hpp"
#include "mqtt_logger/platform/background.hpp"
#include "mqtt_logger/platform/environment.hpp"
#include "mqtt_logger/replay/replay.hpp"
#include "mqtt_logger/running/actions.hpp"
#include "mqtt_logger/running/log_setup.hpp"
#include "mqtt_logger/verify/verify.hpp"

#include <cstdio>
#include <exception>
#include <string>
#include <variant>

using namespace mqtt_logger;

namespace {

int end_with(const ParseExit& end) {
  const bool is_error = end.exit_code != ExitCode::everything_written;
  std::fputs(end.text.c_str(), is_error ? stderr : stdout);
  return static_cast<int>(end.exit_code);
}

ExitCode act(Options& options) {
  switch (options.action) {
    case Action::status:
      return show_status(options);
    case Action::stop:
      return stop_running_logger(options);
    case Action::log:
      break;
  }
  if (!options.verify.empty()) return verify(options);
  if (!options.replay.empty()) {
    log::set_level(options.log_level);
    load_secrets(options, list_environment());
    return replay(options);
  }
  const auto background = options.background ? go_to_background() : nullptr;
  try {
    set_up_log(options);
    load_secrets(options, list_environment());
    return run(options, background.get());
  } catch (const StartupError& error) {
    report_startup_error(options, background.get(), error);
    return error.exit_code();
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    prepare_standard_streams();
    const auto parsed = parse_options(list_arguments(argc, argv), library_versions);
    if (const auto* const end = std::get_if<ParseExit>(&parsed)) return end_with(*end);
    Options options = std::get<Options>(parsed);
    return static_cast<int>(act(options));
  } catch (const StartupError& error) {
    log::error("{}", error.what());
    return static_cast<int>(error.exit_code());
  } catch (const std::exception& error) {
    log::error("unexpected: {}", error.what());
    return static_cast<int>(ExitCode::something_pending);
  }
}
