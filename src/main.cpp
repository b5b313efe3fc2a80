#include "mqtt_logger/app.hpp"
#include "mqtt_logger/error.hpp"
#include "mqtt_logger/log.hpp"
#include "mqtt_logger/mqtt/subscriber.hpp"
#include "mqtt_logger/options/options_cli.hpp"
#include "mqtt_logger/options/secrets.hpp"
#include "mqtt_logger/platform/arguments.hpp"
#include "mqtt_logger/platform/environment.hpp"
#include "mqtt_logger/replay/replay.hpp"
#include "mqtt_logger/verify/verify.hpp"

#include <cstdio>
#include <exception>
#include <variant>

namespace {

int end_with(const mqtt_logger::ParseExit& end) {
  const bool is_error = end.exit_code != mqtt_logger::ExitCode::everything_written;
  std::fputs(end.text.c_str(), is_error ? stderr : stdout);
  return static_cast<int>(end.exit_code);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace mqtt_logger;
  try {
    prepare_standard_streams();
    const auto parsed = parse_options(list_arguments(argc, argv), library_versions);
    if (const auto* const end = std::get_if<ParseExit>(&parsed)) return end_with(*end);
    Options options = std::get<Options>(parsed);
    log::set_level(options.log_level);
    if (!options.verify.empty()) return static_cast<int>(verify(options));
    load_secrets(options, list_environment());
    if (!options.replay.empty()) return static_cast<int>(replay(options));
    return static_cast<int>(run(options));
  } catch (const StartupError& error) {
    log::error("{}", error.what());
    return static_cast<int>(error.exit_code());
  } catch (const std::exception& error) {
    log::error("unexpected: {}", error.what());
    return static_cast<int>(ExitCode::something_pending);
  }
}
