#pragma once

#include "mqtt_logger/platform/environment.hpp"

#include "option_table.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mqtt_logger {

/// Where a value was set, the strongest source first.
enum class SettingSource : std::uint8_t { command_line, environment, config_file };

/// One value for one option, not yet checked.
struct Setting {
  const OptionDefinition* definition = nullptr;
  std::string value;
  SettingSource source = SettingSource::command_line;
  std::string origin;  ///< place and value as error messages show them: `--qos 3`, `MQTT_LOGGER_QOS=3`
};

/// The settings of the environment: each MQTT_LOGGER_<OPTION> that is not empty. Several values of a
/// repeatable option stand on lines of their own, because topic filters may contain commas and spaces. Throws
/// StartupError for a variable of ours that is no option.
[[nodiscard]] std::vector<Setting> read_environment_settings(
    const std::vector<EnvironmentVariable>& environment);

/// The settings of the file that `config`, a setting of --config, names. Throws StartupError.
[[nodiscard]] std::vector<Setting> read_file_settings(const Setting& config);

[[nodiscard]] const OptionDefinition* find_option(std::string_view name) noexcept;

/// The option that a misspelled name probably means.
[[nodiscard]] std::optional<std::string> suggest_option(std::string_view wrong_name);

/// A user's text for an error message: on one line, not too long, "" if it is empty.
[[nodiscard]] std::string show_value(std::string_view value);

/// The same for a value of an option; without a password that stands where none belongs.
[[nodiscard]] std::string show_value(const OptionDefinition& definition, const std::string& value);

}  // namespace mqtt_logger
