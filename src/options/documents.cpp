#include "mqtt_logger/options/documents.hpp"

#include "mqtt_logger/base/error.hpp"

#include "help_notes.hpp"
#include "option_table.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <vector>

namespace mqtt_logger {
namespace {

/// What can stand for an option's value, as far as a shell can know it.
struct Values {
  bool is_file = false;
  std::vector<std::string> words;
};

/// "0|1|2" are words; "FILE|none" is a file or a word; "HOST" is neither.
Values find_values(const OptionDefinition& definition) {
  Values values;
  const std::string_view text = definition.placeholder;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('|', begin), text.size());
    const std::string_view word = text.substr(begin, end - begin);
    begin = end + 1;
    const bool is_literal =
        std::none_of(word.begin(), word.end(), [](char byte) { return byte >= 'A' && byte <= 'Z'; });
    if (is_literal) values.words.emplace_back(word);
    if (word == "FILE" || word == "PATH") values.is_file = true;
  }
  return values;
}

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

/// `text` with a backslash before each of `special`.
std::string escape(std::string_view text, std::string_view special) {
  std::string escaped;
  for (const char byte : text) {
    if (special.find(byte) != std::string_view::npos) escaped += '\\';
    escaped += byte;
  }
  return escaped;
}

/// In single quotes of a shell; `quote` stands for a quote in them.
std::string quoted(std::string_view text, std::string_view quote) {
  std::string result = "'";
  for (const char byte : text) {
    if (byte == '\'') {
      result += quote;
    } else {
      result += byte;
    }
  }
  return result + "'";
}

/// Text of a manual page: no character of it steers the formatter.
std::string roff(std::string_view text) {
  std::string escaped;
  bool is_line_begin = true;
  for (const char byte : text) {
    if (is_line_begin && (byte == '.' || byte == '\'')) escaped += "\\&";
    is_line_begin = byte == '\n';
    if (byte == '\\') {
      escaped += "\\e";
    } else if (byte == '-') {
      escaped += "\\-";
    } else {
      escaped += byte;
    }
  }
  return escaped;
}

/// A file, a variable or a number, and what it is.
std::string roff_entry(std::string_view tag, std::string_view text) {
  return fmt::format(".TP\n{}\n{}\n", roff(tag), roff(text));
}

std::string make_files_section() {
  std::string text =
      ".SH FILES\nPATH is the value of \\fB\\-\\-output\\fR, TIME the time of a first record.\n";
  text += roff_entry("PATH.csv, PATH.json, PATH.jsonl", "The exports that --format asks for.");
  text += roff_entry("PATH-TIME.csv, PATH-TIME.csv.gz",
                     "Files of a rotated series, and compressed ones; other formats likewise.");
  text += roff_entry("PATH.aside-TIME.csv", "An export that could not be continued.");
  text += roff_entry("PATH.journal", "Where messages are safe before they are acknowledged.");
  text += roff_entry("PATH.lock", "Process id and status while the logger runs.");
  text += roff_entry("/etc/mqtt-logger/mqtt-logger.toml", "Settings of the systemd service.");
  text += roff_entry("/etc/mqtt-logger/password", "Password of the service at the broker.");
  text += roff_entry("/var/lib/mqtt-logger", "Exports and journal of the service.");
  text += roff_entry("/run/mqtt-logger", "Metrics of the service.");
  return text + ".PP\nThe options are given in the file of \\fB\\-\\-config\\fR as\n" +
         roff(config_file_notes()) + "\n";
}

std::string make_environment_section() {
  std::string text = ".SH ENVIRONMENT\n" + roff(source_notes()) + '\n';
  text += roff_entry("MQTT_LOGGER_OPTION", fmt::format("The option of that name: {}", environment_notes()));
  text += roff_entry("MQTT_LOGGER_PASSWORD", "The password at the broker, which others cannot see there.");
  text += roff_entry("CREDENTIALS_DIRECTORY",
                     "Set by systemd; its file password is used without --password-file.");
  text += roff_entry("NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID", "Set by systemd for a service.");
  text += roff_entry("TZ", "The local time of --local-time.");
  text += roff_entry("MQTT_C_CLIENT_TRACE", "Asks the client library for a trace.");
  return text + ".PP\nVariables such as http_proxy are ignored; see \\fB\\-\\-proxy\\fR.\n";
}

}  // namespace

std::string make_man_page(std::string_view version, std::string_view date) {
  std::string page = fmt::format(
      ".TH MQTT-LOGGER 1 {} \"mqtt-logger {}\" \"User Commands\"\n"
      ".nh\n.ad l\n"  // names of options stay whole
      ".SH NAME\nmqtt-logger \\- headless MQTT data logger\n"
      ".SH SYNOPSIS\n.B mqtt-logger\n.RI [ option ]...\n"
      ".SH DESCRIPTION\n"
      "Subscribes to topic filters at an MQTT broker and appends every message to a CSV and a JSON file, "
      "for\n"
      "weeks, without a message missing. A message is in the journal before it is acknowledged, so that a\n"
      "crash or a kill loses nothing.\n"
      ".SH OPTIONS\n",
      date, version);
  std::string_view group;
  for (const OptionDefinition& definition : option_definitions()) {
    if (definition.group != group) {
      group = definition.group;
      page += fmt::format(".SS {}\n", roff(group));
    }
    page += fmt::format(".TP\n\\fB\\-\\-{}\\fR", roff(definition.name));
    if (!definition.placeholder.empty()) page += fmt::format(" \\fI{}\\fR", roff(definition.placeholder));
    if (definition.traits.takes_several) page += " ...";
    page += '\n' + roff(definition.help) + '\n';
    if (!definition.default_text.empty())
      page += fmt::format("Default: {}.\n", roff(definition.default_text));
  }
  page += ".TP\n\\fB\\-\\-help\\fR, \\fB\\-h\\fR\nPrint a summary and exit.\n";
  page += ".TP\n\\fB\\-\\-version\\fR\nPrint the versions of program and libraries and exit.\n";
  page += ".SS Values\n" + roff(value_notes()) + '\n';
  page += ".SH EXIT STATUS\n";
  for (const ExitCodeMeaning& each : kExitCodes)
    page += roff_entry(std::to_string(static_cast<int>(each.code)), each.text);
  page += make_files_section() + make_environment_section();
  page += ".SH EXAMPLES\n";
  for (const std::string_view example : help_examples()) page += ".PP\n.EX\n" + roff(example) + "\n.EE\n";
  return page +
         ".SH SEE ALSO\n.BR mosquitto (8)\n.PP\nThe guides in the folder of the documentation, such as\n"
         "/usr/share/doc/mqtt\\-logger/manual.\n";
}

std::string make_bash_completion() {
  std::string script =
      "# bash completion of mqtt-logger\n"
      "_mqtt_logger() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n"
      "  COMPREPLY=()\n"
      "  [ \"$current\" != = ] || { previous+== current=; }  # --option=VALUE comes in three words\n"
      "  [ \"$previous\" != = ] || previous=${COMP_WORDS[COMP_CWORD-2]}\n"
      "  previous=${previous%=}\n"
      "  case $previous in\n";
  std::string names = "--help --version";
  for (const OptionDefinition& definition : option_definitions()) {
    names += fmt::format(" --{}", definition.name);
    if (definition.placeholder.empty()) continue;
    const Values values = find_values(definition);
    script += fmt::format("    --{}) ", definition.name);
    if (!values.words.empty())
      script += fmt::format("COMPREPLY=($(compgen -W '{}' -- \"$current\")); ", join(values.words));
    if (values.is_file)
      script += "compopt -o filenames 2>/dev/null; COMPREPLY+=($(compgen -f -- \"$current\")); ";
    script += "return ;;\n";
  }
  return script + "  esac\n  COMPREPLY=($(compgen -W '" + names +
         "' -- \"$current\"))\n}\ncomplete -F _mqtt_logger mqtt-logger\n";
}

std::string make_zsh_completion() {
  std::string script = "#compdef mqtt-logger\n_arguments -s \\\n";
  for (const OptionDefinition& definition : option_definitions()) {
    std::string entry = definition.traits.is_repeatable ? "*" : "";
    entry += fmt::format("--{}[{}]", definition.name, escape(definition.help, "[]:\\"));
    if (!definition.placeholder.empty()) {
      const Values values = find_values(definition);
      entry += ":" + escape(definition.placeholder, ":\\") + ":";
      if (values.is_file) {
        entry += "_files";
      } else if (!values.words.empty()) {
        entry += "(" + join(values.words) + ")";
      }
    }
    script += "  " + quoted(entry, "'\\''") + " \\\n";
  }
  return script +
         "  '(-h --help)'{-h,--help}'[Print a summary and exit.]' \\\n  '--version[Print the versions.]'\n";
}

std::string make_fish_completion() {
  std::string script = "complete -c mqtt-logger -f\n";
  for (const OptionDefinition& definition : option_definitions()) {
    const Values values = find_values(definition);
    script += fmt::format("complete -c mqtt-logger -l {}", definition.name);
    if (values.is_file) {
      script += " -r -F";
    } else if (!definition.placeholder.empty()) {
      script += " -x";
    }
    if (!values.words.empty()) script += fmt::format(" -a '{}'", join(values.words));
    script += " -d " + quoted(escape(definition.help, "\\"), "\\'") + '\n';
  }
  return script +
         "complete -c mqtt-logger -s h -l help -d 'Print a summary and exit.'\n"
         "complete -c mqtt-logger -l version -d 'Print the versions.'\n";
}

}  // namespace mqtt_logger
