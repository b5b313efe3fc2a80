#include "mqtt_logger/app.hpp"
#include "mqtt_logger/error.hpp"
#include "mqtt_logger/log.hpp"
#include "mqtt_logger/mqtt/subscriber.hpp"
#include "mqtt_logger/options/options_cli.hpp"
#include "mqtt_logger/options/secrets.hpp"
#include "mqtt_logger/platform/arguments.hpp"
#include "mqtt_logger/platform/background.hpp"
#include "mqtt_logger/platform/environment.hpp"
#include "mqtt_logger/platform/service_manager.hpp"
#include "mqtt_logger/replay/replay.hpp"
#include "mqtt_logger/running/actions.hpp"
#include "mqtt_logger/running/log_setup.hpp"
#include "mqtt_logger/verify/verify.hpp"

#include <cstdio>
#include <exception>
#include <string>
#include <variant>
#include <vector>

using namespace mqtt_logger;

namespace {

ExitCode end_with(const ParseExit& end, const ServiceManager& service_manager) {
  const bool is_error = end.exit_code != ExitCode::everything_written;
  if (service_manager.keeps_standard_error())
    std::fputs(end.text.c_str(), is_error ? stderr : stdout);
  else
    log::error("{}", end.text);
  return end.exit_code;
}

ExitCode act(Options& options, const std::vector<std::string>& arguments, ServiceManager& service_manager) {
  switch (options.action) {
    case Action::status:
      return show_status(options);
    case Action::stop:
      return stop_running_logger(options);
    case Action::install_service:
      return install_as_service(options, arguments);
    case Action::uninstall_service:
      return uninstall_as_service();
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
    return run(options, service_manager, background.get());
  } catch (const StartupError& error) {
    report_startup_error(options, background.get(), error);
    return error.exit_code();
  }
}

ExitCode run_program(const std::vector<std::string>& arguments, ServiceManager& service_manager) {
  try {
    const auto parsed = parse_options(arguments, library_versions);
    if (const auto* const end = std::get_if<ParseExit>(&parsed)) return end_with(*end, service_manager);
    Options options = std::get<Options>(parsed);
    return act(options, arguments, service_manager);
  } catch (const StartupError& error) {
    log::error("{}", error.what());
    return error.exit_code();
  } catch (const std::exception& error) {
    log::error("unexpected: {}", error.what());
    return ExitCode::something_pending;
  }
}

}  // namespace

int main(int argc, char** argv) {
  prepare_standard_streams();
  const auto service_manager = find_service_manager();
  if (!service_manager->keeps_standard_error()) log::use_system_log(true);
  const auto exit_code = static_cast<int>(run_program(list_arguments(argc, argv), *service_manager));
  service_manager->stopped(exit_code);
  return exit_code;
}
