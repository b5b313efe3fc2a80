#pragma once

#include <string>
#include <variant>
#include <vector>

#include "mqtt_logger/error.hpp"
#include "mqtt_logger/options.hpp"

namespace mqtt_logger {

/// What the command line asked for instead of logging: text for standard output (`--help`, `--version`) or one line
/// for standard error (exit code usage).
struct ParseExit {
  ExitCode exit_code = ExitCode::everything_written;
  std::string text;
};

/// Command line, environment (`MQTT_LOGGER_<OPTION>`) and configuration file (`--config`, TOML) to options; the
/// first of these three that sets an option wins. Reads the environment and the configuration file, touches nothing
/// else. `arguments` are UTF-8, without the program's name. `versions` is what `--version` prints after the
/// program's own version: one line a library.
[[nodiscard]] std::variant<Options, ParseExit> parse_options(const std::vector<std::string>& arguments,
                                                             const std::string& versions);

}  // namespace mqtt_logger
