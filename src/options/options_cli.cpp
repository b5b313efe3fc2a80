#include "mqtt_logger/options/options_cli.hpp"

#include "mqtt_logger/options/broker_uri.hpp"
#include "mqtt_logger/options/option_settings.hpp"
#include "mqtt_logger/options/option_table.hpp"
#include "mqtt_logger/options/series_options.hpp"
#include "mqtt_logger/version.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace mqtt_logger {
namespace {

constexpr std::size_t kHelpNameColumns = 34;
constexpr std::size_t kHelpTextColumns = 62;

constexpr const char* kHelpEnd = R"(
Defaults stand in [brackets].

DURATION is a number with ms, s, m, h or d (250ms, 2s, 1.5h, 1h30m); without a unit it means
seconds. SIZE is a number of bytes, or one with KiB, MiB, GiB, TiB (also K, M, G, T) for powers
of 1024, or with kB, MB, GB, TB for powers of 1000.

Every option can also be set by an environment variable or in the file of --config. The command
line beats the environment, the environment beats the file; several values of one option, such
as --topic or --broker, replace those of a weaker source as a whole.
  Environment: MQTT_LOGGER_QOS=2, MQTT_LOGGER_CLIENT_ID=..., MQTT_LOGGER_SIMULATE=true. Several
               topics stand on lines of their own. An empty variable counts as not set.
  File:        TOML, one option a line: qos = 2, simulate = true, topic = ["a/#", "b/+"]

Exit codes: 0 stopped on request, everything written; 1 something not written (yet); 2 wrong
option; 3 the broker refuses this client; 4 output in use or not usable.

Examples:
  mqtt-logger
  mqtt-logger --broker mqtt://broker.example:1884 --topic 'plant/+/temperature' --topic 'alarms/#'
  mqtt-logger --broker mqtts://broker.example --username logger --password-file /etc/logger.password
  mqtt-logger --format csv,jsonl --output /var/lib/mqtt-logger/data --qos 2 --session-expiry 7d
  mqtt-logger --simulate --sensors 100 --interval 250ms
  mqtt-logger --verify exports/mqtt_data --by-topic
  mqtt-logger --replay exports/mqtt_data --speed 10 --topic-prefix replayed/
)";

[[noreturn]] void fail(const std::string& what) {
  throw StartupError{ExitCode::usage, what};
}

/// Breaks lines between words. The versions of CLI11 differ in whether they do.
std::string wrap(std::string_view text) {
  std::string wrapped;
  while (text.size() > kHelpTextColumns) {
    const std::size_t space = text.rfind(' ', kHelpTextColumns);
    wrapped.append(text.substr(0, space)).append("\n");
    text.remove_prefix(space + 1);
  }
  return wrapped.append(text);
}

std::string describe(const OptionDefinition& definition) {
  std::string text{definition.help};
  if (!definition.default_text.empty()) text += fmt::format(" [{}]", definition.default_text);
  return wrap(text);
}

/// A parser that recognises our options and keeps their values as they are; what they mean is none of its
/// business.
void define_options(CLI::App& app) {
  app.set_help_flag();
  app.allow_extras();
  app.allow_windows_style_options(false);  // a path such as /tmp/data is a value
  app.get_formatter()->column_width(kHelpNameColumns);
  for (const OptionDefinition& definition : option_definitions()) {
    const std::string name = "--" + std::string{definition.name};
    const std::string text = describe(definition);
    CLI::Option* option =
        definition.placeholder.empty() ? app.add_flag(name) : app.add_option(name, CLI::callback_t{});
    option->description(text)->group(std::string{definition.group});
    option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    if (!definition.placeholder.empty()) option->type_name(std::string{definition.placeholder});
    if (definition.takes_several) option->expected(1, -1)->allow_extra_args();
  }
}

std::string help_text() {
  CLI::App app{"Subscribes to topics at an MQTT broker and appends every message to a CSV and a JSON file."};
  define_options(app);
  app.add_flag("-h,--help")->description("Print this help and exit.")->group("General");
  app.add_flag("--version")
      ->description("Print the versions of program and libraries and exit.")
      ->group("General");
  return app.help("mqtt-logger") + kHelpEnd;
}

[[noreturn]] void fail_unknown(const std::string& argument) {
  if (!argument.starts_with('-') || argument == "-" || argument == "--") {
    fail(show_value(hide_user_information(argument)) + ": must be an option, such as --topic; see --help");
  }
  const std::string name = argument.substr(0, argument.find('='));
  if (name == "--help" || name == "--version") fail(name + ": must stand without a value");
  const auto suggestion =
      suggest_option(std::string_view{name}.substr(std::min(name.find_first_not_of('-'), name.size())));
  fail(fmt::format("{}: unknown option{}; see --help", show_value(name),
                   suggestion ? " (did you mean --" + *suggestion + "?)" : ""));
}

/// CLI11 takes the next argument for the value of `--name=` and of `--name` alike, whatever it is.
void check_value_is_meant(const std::string& name, const std::string& value,
                          const std::vector<std::string>& arguments) {
  const bool is_next_option = value.starts_with("--");
  if (is_next_option &&
      std::find(arguments.begin(), arguments.end(), name + '=' + value) == arguments.end()) {
    fail(fmt::format("{}: must be followed by its value, not by {}", name,
                     show_value(hide_user_information(value))));
  }
}

std::vector<Setting> read_arguments(const std::vector<std::string>& arguments) {
  for (const std::string& argument : arguments) {
    if (argument.starts_with("--") && argument.find('=') == argument.size() - 1) {
      if (find_option(argument.substr(2, argument.size() - 3)) == nullptr) fail_unknown(argument);
      fail(argument + ": must have a value after the = sign");
    }
  }
  CLI::App app;
  define_options(app);
  try {
    app.parse(std::vector<std::string>{arguments.rbegin(), arguments.rend()});
  } catch (const CLI::ArgumentMismatch&) {
    fail(show_value(arguments.back()) + ": must be followed by its value");  // only the last one can lack it
  }
  std::vector<Setting> settings;
  for (const OptionDefinition& definition : option_definitions()) {
    const std::string name = "--" + std::string{definition.name};
    const auto& values = app.get_option(name)->results();
    for (const std::string& value : values) check_value_is_meant(name, value, arguments);
    if (values.size() > 1 && !definition.is_repeatable && !definition.placeholder.empty()) {
      fail(fmt::format("{} {}: must not stand twice, {} came first", name, show_value(definition, values[1]),
                       show_value(definition, values[0])));
    }
    const char separator = definition.placeholder.empty() ? '=' : ' ';
    for (const std::string& value : values) {
      settings.push_back({&definition, value, SettingSource::command_line,
                          name + separator + show_value(definition, value)});
    }
  }
  if (const auto unknown = app.remaining(); !unknown.empty()) fail_unknown(unknown.front());
  return settings;
}

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
    fail(fmt::format("{}: must be left out or be the port of {}", of_port.origin, of_broker.origin));
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
      fail(setting.origin + ": must stand beside a --broker that begins with mqtts:// or wss://");
    }
  }
  if (options.tls.certificate.empty() && !options.tls.key.empty())
    fail(find_setting(settings, "tls-key")->origin + ": must stand beside --tls-cert");
  if (options.tls.certificate.empty() && !options.tls.key_password_file.empty())
    fail(find_setting(settings, "tls-key-password-file")->origin + ": must stand beside --tls-cert");
}

/// Of a password and the file of one, the stronger source wins.
void settle_password(Options& options, const std::vector<Setting>& settings) {
  Credentials& credentials = options.credentials;
  const Setting* const password = find_setting(settings, "password");
  const Setting* const file = find_setting(settings, "password-file");
  if (password != nullptr && file != nullptr) {
    if (password->source == file->source) fail(file->origin + ": must not stand beside --password");
    if (password->source < file->source)
      credentials.password_file.clear();
    else
      credentials.password.reset();
  }
  // MQTT 3.1.1, section 3.1.2.9; and no broker has passwords without names.
  const Setting* const given = password != nullptr ? password : file;
  if (given != nullptr && credentials.username.empty())
    fail(given->origin + ": must stand beside --username");
}

/// A journal in the place of an export would destroy it.
void check_journal_is_no_export(const Options& options, const std::vector<Setting>& settings) {
  if (options.journal.empty()) return;
  const auto journal = std::filesystem::absolute(options.journal).lexically_normal();
  for (const char* extension : {".csv", ".json", ".jsonl"}) {
    auto name = options.output;
    name += extension;
    if (std::filesystem::absolute(name).lexically_normal() == journal) {
      fail(find_setting(settings, "journal")->origin + ": must be another file than the exports");
    }
  }
}

void check_belonging(const std::vector<Setting>& settings) {
  const Setting* const verify = find_setting(settings, "verify");
  const Setting* const replay = find_setting(settings, "replay");
  if (verify != nullptr && replay != nullptr)
    fail(fmt::format("{}: must be left out beside {}", replay->origin, verify->origin));
  for (const Setting& setting : settings) {
    const std::string_view wanted = setting.definition->belongs_to;
    if (!wanted.empty() && find_setting(settings, wanted) == nullptr)
      fail(fmt::format("{}: must stand beside --{}", setting.origin, wanted));
  }
}

Options to_options(const std::vector<Setting>& settings) {
  check_belonging(settings);
  OptionsDraft draft;
  for (const Setting& setting : settings) {
    if (const auto fault = setting.definition->apply(draft, setting.value)) {
      fail(setting.origin + ": " + *fault);
    }
  }
  if (!draft.topics.empty()) draft.options.topics = draft.topics;
  settle_brokers(draft, settings);
  check_tls_is_used(draft.options, settings);
  settle_password(draft.options, settings);
  check_journal_is_no_export(draft.options, settings);
  check_series_options(draft.options, settings);
  return draft.options;
}

bool contains(const std::vector<std::string>& arguments, std::string_view wanted) {
  return std::find(arguments.begin(), arguments.end(), wanted) != arguments.end();
}

}  // namespace

std::string_view help_notes() noexcept {
  return kHelpEnd;
}

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
    return ParseExit{error.exit_code(), fmt::format("mqtt-logger: {}\n", error.what())};
  }
}

std::variant<Options, ParseExit> parse_options(const std::vector<std::string>& arguments,
                                               const std::function<std::string()>& versions) {
  return parse_options(arguments, list_environment(), versions);
}

}  // namespace mqtt_logger
