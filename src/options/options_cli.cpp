#include "mqtt_logger/options/options_cli.hpp"

#include "mqtt_logger/base/escape.hpp"
#include "mqtt_logger/base/version.hpp"
#include "mqtt_logger/options/broker_uri.hpp"

#include "command_line.hpp"
#include "option_settings.hpp"
#include "option_table.hpp"
#include "series_options.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace mqtt_logger {
namespace {

const Setting* find_setting(const std::vector<Setting>& settings, std::string_view name) noexcept {
  for (const Setting& setting : settings) {
    if (setting.definition->name == name) return &setting;
  }
  return nullptr;
}

/// Adds those settings of a weaker source that the stronger ones leave open.
void add_weaker(std::vector<Setting>& settings, const std::vector<Setting>& weaker) {
  const std::vector<Setting> stronger = settings;
  for (const Setting& setting : weaker) {
    if (find_setting(stronger, setting.definition->name) == nullptr) settings.push_back(setting);
  }
}

/// --port stands for the port that a broker leaves out. Beside brokers that all name theirs it is without
/// effect, which is a mistake; but a stronger source may correct the port of a single one.
void settle_brokers(OptionsDraft& draft, const std::vector<Setting>& settings) {
  if (draft.brokers.empty()) draft.brokers.push_back({"localhost", std::nullopt});
  draft.options.brokers.clear();
  for (const BrokerUri& uri : draft.brokers) {
    const std::uint16_t left_out = draft.port.value_or(default_port(uri.transport));
    draft.options.brokers.push_back({uri.host, uri.port.value_or(left_out), uri.transport, uri.path});
  }
  const bool is_port_of_use =
      std::any_of(draft.brokers.begin(), draft.brokers.end(),
                  [&draft](const BrokerUri& uri) { return !uri.port || uri.port == draft.port; });
  if (!draft.port || is_port_of_use) return;
  const Setting& of_port = *find_setting(settings, "port");
  const Setting& of_broker = *find_setting(settings, "broker");
  if (of_port.source == of_broker.source) {
    refuse(fmt::format("{}: must be left out or be the port of {}", of_port.origin, of_broker.origin));
  }
  if (of_port.source < of_broker.source && draft.brokers.size() == 1)
    draft.options.brokers.front().port = *draft.port;
}

/// Whoever says something about TLS believes to have it.
void check_tls_is_used(const Options& options, const std::vector<Setting>& settings) {
  const bool is_used =
      std::any_of(options.brokers.begin(), options.brokers.end(),
                  [](const BrokerAddress& broker) { return is_encrypted(broker.transport); });
  for (const Setting& setting : settings) {
    if (!is_used && setting.definition->name.starts_with("tls-") && setting.value != "false") {
      refuse(setting.origin + ": needs a --broker that begins with mqtts:// or wss://");
    }
  }
  if (options.tls.certificate.empty() && !options.tls.key.empty())
    refuse(find_setting(settings, "tls-key")->origin + ": needs --tls-cert");
  if (options.tls.certificate.empty() && !options.tls.key_password_file.empty())
    refuse(find_setting(settings, "tls-key-password-file")->origin + ": needs --tls-cert");
}

void check_headers_are_used(const Options& options, const std::vector<Setting>& settings) {
  const bool is_used =
      std::any_of(options.brokers.begin(), options.brokers.end(),
                  [](const BrokerAddress& broker) { return is_websocket(broker.transport); });
  for (const Setting& setting : settings) {
    if (!is_used && setting.definition->name.starts_with("ws-"))
      refuse(setting.origin + ": needs a --broker that begins with ws:// or wss://");
  }
}

/// Of a password and the file of one, the stronger source wins.
void settle_password(Options& options, const std::vector<Setting>& settings) {
  Credentials& credentials = options.credentials;
  const Setting* const password = find_setting(settings, "password");
  const Setting* const file = find_setting(settings, "password-file");
  if (password != nullptr && file != nullptr) {
    if (password->source == file->source) refuse(file->origin + ": cannot be combined with --password");
    if (password->source < file->source)
      credentials.password_file.clear();
    else
      credentials.password.reset();
  }
  // MQTT 3.1.1, section 3.1.2.9; and no broker has passwords without names.
  const Setting* const given = password != nullptr ? password : file;
  if (given != nullptr && credentials.username.empty()) refuse(given->origin + ": needs --username");
}

/// A flag that is off says nothing.
bool is_given(const Setting& setting) noexcept {
  return !setting.definition->placeholder.empty() || setting.value != "false";
}

/// The setting that asks for another action than to log; null if none does.
const Setting* find_action(const std::vector<Setting>& settings) {
  const Setting* found = nullptr;
  for (const Setting& setting : settings) {
    if (!setting.definition->traits.action || !is_given(setting)) continue;
    if (found != nullptr && found->definition != setting.definition)
      refuse(fmt::format("{}: cannot be combined with {}", setting.origin, found->origin));
    found = &setting;
  }
  return found;
}

/// What an action has no use for on the command line is a mistake. A file or the environment may hold what is
/// for other days.
void check_use(const std::vector<Setting>& settings, const Setting* action) {
  const auto is_there = [&settings](std::string_view name) {
    const Setting* const found = find_setting(settings, name);
    return found != nullptr && is_given(*found);
  };
  // A service is installed with the options that it shall have.
  const bool is_logging = action == nullptr || action->definition->traits.action == Action::install_service;
  for (const Setting& setting : settings) {
    if (setting.source != SettingSource::command_line || !is_given(setting)) continue;
    const std::string_view wanted = setting.definition->traits.belongs_to;
    if (!wanted.empty() && !is_there(wanted)) refuse(fmt::format("{}: needs --{}", setting.origin, wanted));
    if (!is_logging && setting.definition->traits.is_for_logging)
      refuse(fmt::format("{}: cannot be combined with {}", setting.origin, action->origin));
  }
}

/// The settings' file, if a secret stands in it that is of use: a password, or a broker with a query.
std::filesystem::path find_secret_config_file(const std::vector<Setting>& settings) {
  const auto is_secret = [](const Setting& setting) {
    const bool is_query =
        setting.definition->name == "broker" && setting.value.find('?') != std::string::npos;
    return setting.source == SettingSource::config_file && (setting.definition->traits.is_secret || is_query);
  };
  const Setting* const config = find_setting(settings, "config");
  return config != nullptr && std::any_of(settings.begin(), settings.end(), is_secret)
             ? to_path(config->value)
             : std::filesystem::path{};
}

Options to_options(const std::vector<Setting>& settings) {
  const Setting* const action = find_action(settings);
  OptionsDraft draft;
  if (action != nullptr) draft.options.action = *action->definition->traits.action;
  for (const Setting& setting : settings) {
    if (const auto fault = setting.definition->apply(draft, setting.value)) {
      refuse(setting.origin + ": " + *fault);
    }
  }
  check_use(settings, action);
  if (!draft.topics.empty()) draft.options.topics = draft.topics;
  settle_brokers(draft, settings);
  check_tls_is_used(draft.options, settings);
  check_headers_are_used(draft.options, settings);
  settle_password(draft.options, settings);
  draft.options.credentials.config_file = find_secret_config_file(settings);
  check_series_options(draft.options, settings);
  return draft.options;
}

bool contains(const std::vector<std::string>& arguments, std::string_view wanted) {
  return std::find(arguments.begin(), arguments.end(), wanted) != arguments.end();
}

}  // namespace

std::variant<Options, ParseExit> parse_options(const std::vector<std::string>& arguments,
                                               const std::vector<EnvironmentVariable>& environment,
                                               const std::function<std::string()>& versions) {
  // Whoever asks for help gets it, also beside mistakes.
  if (contains(arguments, "--help") || contains(arguments, "-h")) {
    return ParseExit{ExitCode::everything_written, help_text()};
  }
  if (contains(arguments, "--version")) {
    return ParseExit{ExitCode::everything_written,
                     fmt::format("mqtt-logger {}\n{}", program_version(), versions())};
  }
  try {
    std::vector<Setting> settings = read_arguments(arguments);
    add_weaker(settings, read_environment_settings(environment));
    if (const Setting* config = find_setting(settings, "config")) {
      add_weaker(settings, read_file_settings(*config));
    }
    return to_options(settings);
  } catch (const StartupError& error) {
    return ParseExit{error.exit_code(), fmt::format("mqtt-logger: {}\n", escaped(error.what()))};
  }
}

std::variant<Options, ParseExit> parse_options(const std::vector<std::string>& arguments,
                                               const std::function<std::string()>& versions) {
  return parse_options(arguments, list_environment(), versions);
}

}  // namespace mqtt_logger
