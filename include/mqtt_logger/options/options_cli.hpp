#pragma once

#include "mqtt_logger/base/error.hpp"
#include "mqtt_logger/options/options.hpp"
#include "mqtt_logger/platform/environment.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace mqtt_logger {

/// What the command line asked for instead of logging: text for standard output (`--help`, `--version`) or
/// one line for standard error (exit code usage). The text ends in a line end.
struct ParseExit {
  ExitCode exit_code = ExitCode::everything_written;
  std::string text;
};

/// Command line, environment (`MQTT_LOGGER_<OPTION>`) and configuration file (`--config`, TOML) to options;
/// the first of these three that sets an option wins. Reads the configuration file, looks whether paths are
/// folders, and touches nothing else. `arguments` are UTF-8, without the program's name. `versions` gives
/// what `--version` prints after the program's own version: one line a library, each with its line end.
[[nodiscard]] std::variant<Options, ParseExit> parse_options(
    const std::vector<std::string>& arguments, const std::vector<EnvironmentVariable>& environment,
    const std::function<std::string()>& versions);

/// The same with the environment of this process.
[[nodiscard]] std::variant<Options, ParseExit> parse_options(const std::vector<std::string>& arguments,
                                                             const std::function<std::string()>& versions);

}  // namespace mqtt_logger
