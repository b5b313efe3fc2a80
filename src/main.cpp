#include "mqtt_logger/base/error.hpp"
#include "mqtt_logger/connection/versions.hpp"
#include "mqtt_logger/exports/path_check.hpp"
#include "mqtt_logger/log/log.hpp"
#include "mqtt_logger/operation/actions.hpp"
#include "mqtt_logger/operation/log_setup.hpp"
#include "mqtt_logger/operation/output_lock.hpp"
#include "mqtt_logger/options/options_cli.hpp"
#include "mqtt_logger/options/secrets.hpp"
#include "mqtt_logger/platform/arguments.hpp"
#include "mqtt_logger/platform/background.hpp"
#include "mqtt_logger/platform/environment.hpp"
#include "mqtt_logger/platform/service_manager.hpp"
#include "mqtt_logger/replay/replay.hpp"
#include "mqtt_logger/verify/verify.hpp"

#include "app.hpp"

#include <fmt/core.h>

#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <system_error>
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

/// What the machine is short of now it may have later, so that a service manager is to try again.
ExitCode end_for_want(const Options& options, Background* background, std::string_view what) {
  const StartupError error{ExitCode::something_pending,
                           fmt::format("cannot start: the system gives no more {}", what)};
  report_startup_error(options, background, error);
  return error.exit_code();
}

bool is_logging(const Options& options) {
  return options.action == Action::log || options.action == Action::forget_session;
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
    case Action::verify:
      return verify(options);
    case Action::log:
    case Action::forget_session:
    case Action::replay:
      break;
  }
  const bool is_replay = options.action == Action::replay;
  const auto background = options.background && options.action == Action::log ? go_to_background() : nullptr;
  try {
    log::start();
    if (!is_replay) set_up_log(options);
    log::set_level(options.log_level);
    load_secrets(options, list_environment());
    return is_replay ? replay(options) : run(options, service_manager, background.get());
  } catch (const StartupError& error) {
    report_startup_error(options, background.get(), error);
    return error.exit_code();
  } catch (const std::bad_alloc&) {
    return end_for_want(options, background.get(), "memory; limits are MemoryMax of systemd and ulimit -v");
  } catch (const std::system_error& error) {
    if (error.code() != std::errc::resource_unavailable_try_again) throw;
    return end_for_want(options, background.get(), "threads; limits are TasksMax of systemd and ulimit -u");
  }
}

// Paho C connects through a proxy that the environment names, also to a broker on the local network (before
// 1.3.14 even without WebSocket); --proxy is for who wants one.
void ignore_proxy_variables() noexcept {
  for (const char* name :
       {"http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"})
    remove_variable(name);
}

ExitCode run_program(const std::vector<std::string>& arguments, ServiceManager& service_manager) {
  try {
    const auto parsed = parse_options(arguments, library_versions);
    if (const auto* const end = std::get_if<ParseExit>(&parsed)) return end_with(*end, service_manager);
    Options options = std::get<Options>(parsed);
    if (is_logging(options)) {
      if (const auto fault = find_path_fault(options, output_lock_path(options)))
        return end_with({ExitCode::usage, "mqtt-logger: " + *fault + '\n'}, service_manager);
    }
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
  ignore_proxy_variables();
  const auto service_manager = find_service_manager();
  if (!service_manager->keeps_standard_error()) log::use_system_log(true);
  const auto exit_code = static_cast<int>(run_program(list_arguments(argc, argv), *service_manager));
  log::flush();
  service_manager->stopped(exit_code);
  return exit_code;
}
