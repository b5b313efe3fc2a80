#include "option_settings.hpp"

#include "mqtt_logger/base/error.hpp"
#include "mqtt_logger/base/escape.hpp"
#include "mqtt_logger/options/broker_uri.hpp"

#include "config_file.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <numeric>
#include <system_error>
#include <utility>

namespace mqtt_logger {
namespace {

constexpr std::string_view kVariablePrefix = "MQTT_LOGGER_";
constexpr std::size_t kMaximumFileBytes = std::size_t{1024} * 1024;
constexpr std::size_t kMaximumShownBytes = 100;

std::string variable_name(std::string_view option) {
  std::string name{kVariablePrefix};
  for (const char character : option) {
    name += character == '-'                       ? '_'
            : character >= 'a' && character <= 'z' ? static_cast<char>(character - 'a' + 'A')
                                                   : character;
  }
  return name;
}

std::string option_name(std::string_view variable) {
  std::string name;
  for (const char character : variable.substr(kVariablePrefix.size())) {
    name += character == '_'                       ? '-'
            : character >= 'A' && character <= 'Z' ? static_cast<char>(character - 'A' + 'a')
                                                   : character;
  }
  return name;
}

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (end > 0) lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

/// Levenshtein's: how many characters to insert, delete or replace.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

std::string read_file(const Setting& config) {
  const std::filesystem::path path = to_path(config.value);
  std::error_code ignored;
  if (config.value.empty()) refuse(config.origin + ": must name a file");
  if (std::filesystem::is_directory(path, ignored)) refuse(config.origin + ": must be a file, not a folder");
  errno = 0;
  std::ifstream file{path, std::ios::binary};
  std::string text(kMaximumFileBytes + 1, '\0');
  if (!file.read(text.data(), static_cast<std::streamsize>(text.size())) && !file.eof()) {
    const int reason = errno == 0 ? EIO : errno;
    refuse(fmt::format("{}: must be a file that can be read: {}", config.origin,
                       std::generic_category().message(reason)));
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kMaximumFileBytes) refuse(config.origin + ": must be at most 1 MiB large");
  return text;
}

}  // namespace

std::vector<Setting> read_environment_settings(const std::vector<EnvironmentVariable>& environment) {
  std::vector<Setting> settings;
  for (const auto& [name, value] : environment) {
    if (!name.starts_with(kVariablePrefix) || value.empty()) continue;
    const OptionDefinition* definition = find_option(option_name(name));
    // The way back finds out misspelled names such as MQTT_LOGGER_Qos.
    if (definition == nullptr || variable_name(definition->name) != name) {
      const auto suggestion = suggest_option(option_name(name));
      refuse(fmt::format("{}: unknown variable{}; see --help", show_value(name),
                         suggestion ? " (did you mean " + variable_name(*suggestion) + "?)" : ""));
    }
    const auto values = definition->traits.is_repeatable ? split_lines(value) : std::vector{value};
    for (const std::string& one : values) {
      settings.push_back({definition, one, SettingSource::environment,
                          fmt::format("{}={}", name, show_value(*definition, one))});
    }
  }
  return settings;
}

std::vector<Setting> read_file_settings(const Setting& config) {
  const std::string file = show_value(config.value);
  auto parsed = parse_config(read_file(config));
  if (const auto* fault = std::get_if<ConfigFault>(&parsed)) {
    refuse(fmt::format("{}:{}: {}", file, fault->line, fault->what));
  }
  std::vector<Setting> settings;
  for (const auto& [line, key, values] : std::get<std::vector<ConfigEntry>>(parsed)) {
    const std::string place = fmt::format("{}:{}: {}", file, line, show_value(key));
    const OptionDefinition* definition = find_option(key);
    if (definition == nullptr) {
      const auto suggestion = suggest_option(key);
      refuse(fmt::format("{}: unknown option{}; see --help", place,
                         suggestion ? " (did you mean " + *suggestion + "?)" : ""));
    }
    if (definition->name == "config") refuse(place + ": cannot be set in a file");
    if (!definition->traits.is_repeatable && values.size() != 1)
      refuse(place + ": must be one value, not an array");
    for (const std::string& value : values) {
      settings.push_back({definition, value, SettingSource::config_file,
                          fmt::format("{} = {}", place, show_value(*definition, value))});
    }
  }
  return settings;
}

const OptionDefinition* find_option(std::string_view name) noexcept {
  for (const OptionDefinition& definition : option_definitions()) {
    if (definition.name == name) return &definition;
  }
  return nullptr;
}

std::optional<std::string> suggest_option(std::string_view wrong_name) {
  if (wrong_name.size() < 2 || wrong_name.size() > 40) return std::nullopt;
  if (wrong_name == "help") return std::nullopt;  // is one, but stands on the command line only
  std::optional<std::string> suggestion;
  std::size_t smallest = std::min<std::size_t>(3, wrong_name.size());
  for (const OptionDefinition& definition : option_definitions()) {
    const bool is_begin = definition.name.starts_with(wrong_name);
    const std::size_t distance = is_begin ? 0 : edit_distance(wrong_name, definition.name);
    if (distance >= smallest) continue;
    smallest = distance;
    suggestion = definition.name;
  }
  return suggestion;
}

std::string show_value(std::string_view value) {
  if (value.empty()) return "\"\"";
  return escaped(cut_at_character(value, kMaximumShownBytes)) +
         (value.size() > kMaximumShownBytes ? "…" : "");
}

std::string show_value(const OptionDefinition& definition, const std::string& value) {
  if (definition.traits.is_secret) return "***";
  return show_value(definition.name == "broker" ? hide_user_information(value) : value);
}

}  // namespace mqtt_logger
