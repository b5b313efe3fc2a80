#include "command_line.hpp"

#include "mqtt_logger/base/error.hpp"
#include "mqtt_logger/options/broker_uri.hpp"
#include "mqtt_logger/options/options_cli.hpp"

#include "help_notes.hpp"
#include "option_table.hpp"

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include <algorithm>

namespace mqtt_logger {
namespace {

constexpr std::size_t kHelpNameColumns = 34;
constexpr std::size_t kHelpTextColumns = 62;

std::string describe(const OptionDefinition& definition) {
  std::string text{definition.help};
  if (!definition.default_text.empty()) text += fmt::format(" [{}]", definition.default_text);
  return wrap(text, kHelpTextColumns);
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
    if (definition.traits.takes_several) option->expected(1, -1)->allow_extra_args();
  }
}

/// Whether it may be a piece of a secret: of a password with spaces in it that nobody has quoted.
bool is_behind_secret(const std::string& argument, const std::vector<std::string>& arguments) {
  const OptionDefinition* latest = nullptr;
  for (const std::string& each : arguments) {
    if (each == argument && latest != nullptr && latest->traits.is_secret) return true;
    if (each.starts_with("--")) latest = find_option(std::string_view{each}.substr(2, each.find('=') - 2));
  }
  return false;
}

[[noreturn]] void fail_unknown(const std::string& argument, const std::vector<std::string>& arguments) {
  if (is_behind_secret(argument, arguments)) {
    refuse(
        "***: must be an option, such as --topic; a password with spaces in it must be quoted; see "
        "--help");
  }
  if (!argument.starts_with('-') || argument == "-" || argument == "--") {
    refuse(show_value(hide_user_information(argument)) + ": must be an option, such as --topic; see --help");
  }
  const std::string name = argument.substr(0, argument.find('='));
  if (name == "--help" || name == "--version") refuse(name + ": takes no value");
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
                       definition.traits.is_secret
                           ? "another option; one that begins with -- is given after a ="
                           : show_value(hide_user_information(value))));
  }
}

}  // namespace

std::string help_text() {
  CLI::App app{"Subscribes to topics at an MQTT broker and appends every message to a CSV and a JSON file."};
  define_options(app);
  app.add_flag("-h,--help")->description("Print this help and exit.")->group("General");
  app.add_flag("--version")
      ->description("Print the versions of program and libraries and exit.")
      ->group("General");
  return app.help("mqtt-logger") + make_help_end();
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
    if (values.size() > 1 && !definition.traits.is_repeatable && !definition.placeholder.empty()) {
      refuse(fmt::format("{} {}: must be given only once, {} came first", name,
                         show_value(definition, values[1]), show_value(definition, values[0])));
    }
    const bool is_flag = definition.placeholder.empty();
    for (const std::string& value : values) {
      const std::string shown =
          is_flag && value == "true" ? "" : (is_flag ? '=' : ' ') + show_value(definition, value);
      settings.push_back({&definition, value, SettingSource::command_line, name + shown});
    }
  }
  if (const auto unknown = app.remaining(); !unknown.empty()) fail_unknown(unknown.front(), arguments);
  return settings;
}

}  // namespace mqtt_logger
