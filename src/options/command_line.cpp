#include "command_line.hpp"

#include "mqtt_logger/base/error.hpp"
#include "mqtt_logger/options/broker_uri.hpp"
#include "mqtt_logger/options/options_cli.hpp"

#include "option_table.hpp"

#include <CLI/CLI.hpp>
#include <fmt/core.h>

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

/// Whether it may be a piece of a secret: of a password with spaces in it that nobody has quoted.
bool is_behind_secret(const std::string& argument, const std::vector<std::string>& arguments) {
  const OptionDefinition* latest = nullptr;
  for (const std::string& each : arguments) {
    if (each == argument && latest != nullptr && latest->is_secret) return true;
    if (each.starts_with("--")) latest = find_option(std::string_view{each}.substr(2, each.find('=') - 2));
  }
  return false;
}

[[noreturn]] void fail_unknown(const std::string& argument, const std::vector<std::string>& arguments) {
  if (is_behind_secret(argument, arguments)) {
    refuse(
        "***: must be an option, such as --topic; a password with spaces in it must stand in quotes; see "
        "--help");
  }
  if (!argument.starts_with('-') || argument == "-" || argument == "--") {
    refuse(show_value(hide_user_information(argument)) + ": must be an option, such as --topic; see --help");
  }
  const std::string name = argument.substr(0, argument.find('='));
  if (name == "--help" || name == "--version") refuse(name + ": must stand without a value");
  const auto suggestion =
      suggest_option(std::string_view{name}.substr(std::min(name.find_first_not_of('-'), name.size())));
  refuse(fmt::format("{}: unknown option{}; see --help", show_value(name),
                     suggestion ? " (did you mean --" + *suggestion + "?)" : ""));
}

/// CLI11 takes the next argument for the value of `--name=` and of `--name` alike, whatever it is.
void check_value_is_meant(const OptionDefinition& definition, const std::string& value,
                          const std::vector<std::string>& arguments) {
  const std::string name = "--" + std::string{definition.name};
  const bool is_next_option = value.starts_with("--");
  if (is_next_option &&
      std::find(arguments.begin(), arguments.end(), name + '=' + value) == arguments.end()) {
    refuse(fmt::format("{}: must be followed by its value, not by {}", name,
                       definition.is_secret ? "another option; one that begins with -- is given after a ="
                                            : show_value(hide_user_information(value))));
  }
}

}  // namespace

std::string_view help_notes() noexcept {
  return kHelpEnd;
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

std::vector<Setting> read_arguments(const std::vector<std::string>& arguments) {
  for (const std::string& argument : arguments) {
    if (argument.starts_with("--") && argument.find('=') == argument.size() - 1) {
      if (find_option(argument.substr(2, argument.size() - 3)) == nullptr) fail_unknown(argument, arguments);
      refuse(argument + ": must have a value after the = sign");
    }
  }
  CLI::App app;
  define_options(app);
  try {
    app.parse(std::vector<std::string>{arguments.rbegin(), arguments.rend()});
  } catch (const CLI::ArgumentMismatch&) {
    refuse(show_value(arguments.back()) +
           ": must be followed by its value");  // only the last one can lack it
  }
  std::vector<Setting> settings;
  for (const OptionDefinition& definition : option_definitions()) {
    const std::string name = "--" + std::string{definition.name};
    const auto& values = app.get_option(name)->results();
    for (const std::string& value : values) check_value_is_meant(definition, value, arguments);
    if (values.size() > 1 && !definition.is_repeatable && !definition.placeholder.empty()) {
      refuse(fmt::format("{} {}: must not stand twice, {} came first", name,
                         show_value(definition, values[1]), show_value(definition, values[0])));
    }
    const char separator = definition.placeholder.empty() ? '=' : ' ';
    for (const std::string& value : values) {
      settings.push_back({&definition, value, SettingSource::command_line,
                          name + separator + show_value(definition, value)});
    }
  }
  if (const auto unknown = app.remaining(); !unknown.empty()) fail_unknown(unknown.front(), arguments);
  return settings;
}

}  // namespace mqtt_logger
