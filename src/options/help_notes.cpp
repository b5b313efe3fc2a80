#include "help_notes.hpp"

#include "mqtt_logger/base/error.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace mqtt_logger {
namespace {

constexpr std::size_t kColumns = 96;

std::string indent(std::string_view text, std::string_view by) {
  std::string indented{by};
  for (const char byte : text) {
    indented += byte;
    if (byte == '\n') indented += by;
  }
  return indented;
}

}  // namespace

std::string wrap(std::string_view text, std::size_t columns) {
  std::string wrapped;
  while (text.size() > columns) {
    std::size_t space = text.rfind(' ', columns);
    if (space == std::string_view::npos) space = text.find(' ');
    if (space == std::string_view::npos) break;
    wrapped.append(text.substr(0, space)).append("\n");
    text.remove_prefix(space + 1);
  }
  return wrapped.append(text);
}

std::string_view value_notes() noexcept {
  return "DURATION is a number with ms, s, m, h or d (250ms, 2s, 1.5h, 1h30m); without a unit it means "
         "seconds. SIZE is a number of bytes, or one with KiB, MiB, GiB, TiB (also K, M, G, T) for powers of "
         "1024, or with kB, MB, GB, TB for powers of 1000.";
}

std::string_view source_notes() noexcept {
  return "Every option can also be set by an environment variable or in the file of --config. The command "
         "line overrides the environment, the environment overrides the file; several values of one option, "
         "such as --topic or --broker, replace those of a weaker source as a whole.";
}

std::string_view environment_notes() noexcept {
  return "MQTT_LOGGER_QOS=2, MQTT_LOGGER_CLIENT_ID=..., MQTT_LOGGER_SIMULATE=true. Several topics are given "
         "on lines of their own. An empty variable counts as not set.";
}

std::string_view config_file_notes() noexcept {
  return "TOML, one option a line: qos = 2, simulate = true, topic = [\"a/#\", \"b/+\"]";
}

const std::vector<std::string_view>& help_examples() {
  static const std::vector<std::string_view> examples{
      "mqtt-logger",
      // One literal each: to clang-tidy two look like a missing comma.
      // clang-format off
      "mqtt-logger --broker mqtt://broker.example:1884 \\\n  --topic 'plant/+/temperature' --topic 'alarms/#'",
      "mqtt-logger --broker mqtts://broker.example --username logger \\\n  --password-file /etc/logger.password",
      // clang-format on
      "mqtt-logger --format csv,jsonl --output /var/lib/mqtt-logger/data \\\n  --qos 2 --session-expiry 7d",
      "mqtt-logger --simulate --sensors 100 --interval 250ms",
      "mqtt-logger --verify exports/mqtt_data --by-topic",
      "mqtt-logger --replay exports/mqtt_data --speed 10 \\\n  --topic-prefix replayed/",
  };
  return examples;
}

std::string make_help_end() {
  std::string codes = "Exit codes: ";
  for (const ExitCodeMeaning& each : kExitCodes)
    codes += fmt::format("{} {}{}", static_cast<int>(each.code), each.short_text,
                         each.code == kExitCodes.back().code ? "." : "; ");
  std::string text = "\nDefaults are in [brackets].\n\n";
  text += wrap(value_notes(), kColumns) + "\n\n" + wrap(source_notes(), kColumns) + '\n';
  text += indent(wrap("Environment: " + std::string{environment_notes()}, kColumns - 2), "  ") + '\n';
  text += indent(wrap("File: " + std::string{config_file_notes()}, kColumns - 2), "  ") + "\n\n";
  text += wrap(codes, kColumns) + "\n\nExamples:\n";
  for (const std::string_view example : help_examples()) text += indent(example, "  ") + '\n';
  return text;
}

}  // namespace mqtt_logger
