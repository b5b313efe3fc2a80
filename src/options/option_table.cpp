#include "option_table.hpp"

#include "mqtt_logger/base/topic_filter.hpp"
#include "mqtt_logger/options/option_values.hpp"
#include "mqtt_logger/platform/file_name.hpp"

#include "action_options.hpp"
#include "broker_options.hpp"
#include "column_option.hpp"
#include "option_kinds.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <system_error>

namespace mqtt_logger {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

OptionFault apply_status_topic(OptionsDraft& draft, const std::string& text) {
  if (auto fault = find_topic_filter_fault(text)) return fault;
  if (text.find_first_of("+#") != std::string::npos || text.starts_with('$'))
    return "must be one topic, without + and # and not beginning with $, such as status/logger";
  draft.options.status_topic = text;
  return std::nullopt;
}

/// Formats in the order given, each once.
OptionFault apply_format(OptionsDraft& draft, const std::string& text) {
  std::vector<Format> formats;
  const auto add = [&formats](Format format) {
    if (std::find(formats.begin(), formats.end(), format) == formats.end()) formats.push_back(format);
  };
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string_view name = std::string_view{text}.substr(begin, end - begin);
    begin = end + 1;
    if (name == "csv" || name == "both") add(Format::csv);
    if (name == "json" || name == "both") add(Format::json);
    if (name == "jsonl") add(Format::jsonl);
    if (name != "csv" && name != "json" && name != "jsonl" && name != "both") {
      return "must be csv, json, jsonl or both, or several with commas such as csv,jsonl";
    }
  }
  draft.options.formats = std::move(formats);
  return std::nullopt;
}

/// What is wrong with the path of a file that will be created.
OptionFault find_path_fault(const std::filesystem::path& path, std::string_view example) {
  std::error_code ignored;
  const auto name = path.filename();
  if (path.native().find(std::filesystem::path::value_type{}) != std::filesystem::path::string_type::npos) {
    return "must not contain a NUL character";
  }
  if (name.empty() || name == "." || name == ".." || std::filesystem::is_directory(path, ignored)) {
    return fmt::format("must name a file, not a folder, such as {}", example);
  }
  return find_name_fault(path);
}

OptionFault apply_output(OptionsDraft& draft, const std::string& text) {
  const std::filesystem::path path = to_path(text);
  if (auto fault = find_path_fault(path, "exports/mqtt_data")) return fault;
  for (const std::string_view extension : {".csv", ".json", ".jsonl"}) {
    const bool has_extension =
        text.size() >= extension.size() &&
        std::equal(extension.begin(), extension.end(),
                   text.end() - static_cast<std::ptrdiff_t>(extension.size()), [](char expected, char found) {
                     return found == expected ||
                            (found >= 'A' && found <= 'Z' && found - 'A' + 'a' == expected);
                   });
    if (has_extension) return "must be without extension; the exports add .csv, .json or .jsonl to it";
  }
  draft.options.output = path;
  return std::nullopt;
}

OptionFault apply_rotate_every(OptionsDraft& draft, const std::string& text) {
  const auto parsed = text == "hour"  ? milliseconds{std::chrono::hours{1}}
                      : text == "day" ? milliseconds{std::chrono::hours{24}}
                                      : parse_duration(text);
  if (!parsed || *parsed > std::chrono::hours{24 * 366} || *parsed % seconds{1} != milliseconds::zero())
    return "must be hour, day, 0 (off) or a duration of whole seconds up to 366d, such as 15m or 7d";
  draft.options.rotate_every = std::chrono::duration_cast<seconds>(*parsed);
  return std::nullopt;
}

OptionFault apply_journal(OptionsDraft& draft, const std::string& text) {
  draft.options.journal_in_file = text != "none";
  if (!draft.options.journal_in_file) return std::nullopt;
  draft.options.journal = to_path(text);
  return find_path_fault(draft.options.journal, "exports/mqtt_data.journal, or be none");
}

Apply file_path(std::filesystem::path Options::*member, std::string example) {
  return [member, example = std::move(example)](OptionsDraft& draft, const std::string& text) -> OptionFault {
    draft.options.*member = to_path(text);
    return find_path_fault(draft.options.*member, example);
  };
}

/// The broker comes first in --help, and the actions come last.
std::vector<OptionDefinition> put_together(std::vector<OptionDefinition> others) {
  std::vector<OptionDefinition> all = broker_definitions();
  std::move(others.begin(), others.end(), std::back_inserter(all));
  std::vector<OptionDefinition> actions = action_definitions();
  std::move(actions.begin(), actions.end(), std::back_inserter(all));
  return all;
}

}  // namespace

const std::vector<OptionDefinition>& option_definitions() {
  constexpr std::uint64_t kibibyte = 1024;
  constexpr std::uint64_t gibibyte = kibibyte * kibibyte * kibibyte;

  static const std::vector<OptionDefinition> definitions = put_together({
      {"Journal", "journal", "FILE|none", "",
       "Where messages are safe before they are acknowledged; none = in memory only. Default: --output with "
       ".journal.",
       apply_journal},
      {"Journal", "journal-size", "SIZE", "64MiB",
       "Room for messages that are not written yet, 64KiB to 1GiB.",
       size(&Options::journal_size_bytes, 64 * kibibyte, gibibyte,
            "must be a size from 64KiB to 1GiB, such as 64MiB or 256MiB")},
      {"Journal", "redelivered", "drop|keep", "drop",
       "What happens to a QoS 1 message that is recognised as delivered before.",
       choice<Redelivered>(&Options::redelivered,
                           {{"drop", Redelivered::drop}, {"keep", Redelivered::keep}})},

      {"Exports", "format", "LIST", "both",
       "csv, json, jsonl, or both (csv,json); several with commas: csv,jsonl.", apply_format},
      {"Exports", "output", "PATH", "exports/mqtt_data",
       "Base path of the exports, without extension, from the working directory.", apply_output},
      {"Exports", "columns", "NAME=POINTER", "",
       "Extra column, and member of the JSON, with what a JSON pointer finds in the payload: celsius=/value. "
       "NAME=@client-id: the client id of the logger that wrote the record. Can be repeated.",
       add_column, kRepeatable},
      {"Exports", "fsync", "always|everysec|no", "everysec",
       "When files are forced to the disk, against a power cut: before each acknowledgement, each second, or "
       "never.",
       choice<Fsync>(&Options::fsync,
                     {{"always", Fsync::always}, {"everysec", Fsync::everysec}, {"no", Fsync::no}})},
      {"Exports", "rotate-size", "SIZE", "0",
       "Continue in new files, named by the time of their first record, when one has this size. 0 = never.",
       size_or_zero(&Options::rotate_size_bytes, 1024, std::uint64_t{1} << 50,
                    "must be 0 (off) or a size from 1KiB to 1024TiB, such as 100MiB or 2GiB")},
      {"Exports", "rotate-every", "DURATION|hour|day", "0",
       "Continue in new files with each hour or day (UTC), or each multiple of a duration. 0 = never.",
       apply_rotate_every},
      {"Exports", "local-time", "", "", "Hours and days of --rotate-every are those of local time.",
       flag(&Options::local_time)},
      {"Exports", "keep", "N", "0",
       "Of a rotated series, keep so many files of each format, with the one that is written; the oldest are "
       "removed. 0 = all.",
       whole_number<std::uint64_t>(&Options::keep_groups, 0, 1'000'000)},
      {"Exports", "keep-for", "DURATION", "0",
       "Of a rotated series, remove files whose last record is older than this. 0 = never.",
       duration(&Options::keep_for, seconds{std::chrono::hours{24 * 36'500}},
                "must be 0 (for ever) or a duration of whole seconds up to 36500d, such as 30d or 12h")},
      {"Exports", "keep-size", "SIZE", "0",
       "Of a rotated series, remove the oldest files until all together have this size. 0 = no limit.",
       size_or_zero(&Options::keep_size_bytes, 1024, std::uint64_t{1} << 60,
                    "must be 0 (no limit) or a size from 1KiB to 1048576TiB, such as 500MiB or 20GiB")},
      {"Exports", "compress", "gzip|none", "none",
       "Of a rotated series, compress files that are finished; --verify and --replay read them.",
       choice<Compression>(&Options::compress, {{"gzip", Compression::gzip}, {"none", Compression::none}})},
      {"Exports", "min-free", "SIZE", "64MiB",
       "Warn when less than this is left on the disk of the exports, or of the journal. 0 = never.",
       size_or_zero(&Options::min_free_bytes, 1, std::uint64_t{1} << 60,
                    "must be 0 (never) or a size up to 1048576TiB, such as 64MiB or 1GiB")},

      {"Running", "log-level", "LEVEL", "info",
       "error, warning, info or debug; the log goes to standard error.",
       choice<LogLevel>(&Options::log_level, {{"error", LogLevel::error},
                                              {"warning", LogLevel::warning},
                                              {"info", LogLevel::info},
                                              {"debug", LogLevel::debug}})},
      {"Running", "stats-every", "DURATION", "60s",
       "How often the log says how many messages came. 0 = at the end.",
       duration(&Options::stats_every, milliseconds{std::chrono::hours{24 * 365}},
                "must be 0 or a duration up to 365d, such as 30s, 5m or 1h")},
      {"Running", "status-topic", "TOPIC", "",
       "Topic for the logger's state, as a retained message: online with its counters each --stats-every, "
       "stopped, or offline (a last will).",
       apply_status_topic},
      {"Running", "background", "", "",
       "Continue without the terminal. The command returns when the logger is connected (exit code 0) or has "
       "said why not yet (1); the logger keeps trying.",
       flag(&Options::background), kForLogging},
      {"Running", "pid-file", "FILE", "", "File with the process id, while the logger runs.",
       file_path(&Options::pid_file, "/run/mqtt-logger.pid")},
      {"Running", "log-file", "FILE", "",
       "File that the log is appended to. Default: standard error; with --background the system's log.",
       file_path(&Options::log_file, "/var/log/mqtt-logger.log")},
      {"Running", "metrics-file", "FILE", "",
       "File with metrics for Prometheus (node_exporter's textfile collector), replaced each --stats-every.",
       file_path(&Options::metrics_file, "/var/lib/node_exporter/mqtt_logger.prom")},
      {"Running", "stale-after", "DURATION", "0",
       "Warn when a topic filter brings nothing for so long. 0 = never.",
       duration(&Options::stale_after, milliseconds{std::chrono::hours{24 * 365}},
                "must be 0 (never) or a duration up to 365d, such as 30s, 5m or 1h")},

      {"Control", "status", "", "",
       "Print the state of the logger of this --output, and exit: 0 if one runs, 1 if none.", ask(),
       asks_for(Action::status)},
      {"Control", "stop", "", "",
       "Stop the logger of this --output, or of this --pid-file, wait until it has ended, and exit.", ask(),
       asks_for(Action::stop)},
      {"Control", "install-service", "", "",
       "Windows: make a service of this program with the other options given and in this folder, and exit.",
       ask(), asks_for(Action::install_service)},
      {"Control", "uninstall-service", "", "", "Windows: stop and remove that service, and exit.", ask(),
       asks_for(Action::uninstall_service)},

      {"Simulation", "simulate", "", "", "Publish readings of simulated sensors to the same broker.",
       flag(&Options::simulate), kForLogging},
      {"Simulation", "sensors", "N", "6", "Number of simulated sensors, up to 100000.",
       whole_number<unsigned>(&Options::sensors, 1, 100'000), part_of("simulate")},
      {"Simulation", "interval", "DURATION", "2s",
       "Time between two readings of a sensor. 0 = as fast as the broker takes them.",
       duration(&Options::interval, milliseconds{std::chrono::hours{24 * 365}},
                "must be 0 or a duration up to 365d, such as 250ms, 2s or 5m"),
       part_of("simulate")},
      {"Simulation", "seed", "N", "1", "Seed of the random numbers: the same seed gives the same readings.",
       whole_number<std::uint64_t>(&Options::seed, 0, UINT64_MAX), part_of("simulate")},

      {"General", "config", "FILE", "", "Read options from a TOML file, see below.",
       [](OptionsDraft& draft, const std::string& text) {  // read before any option is applied
         draft.options.config_file = to_path(text);
         return OptionFault{};
       }},
  });
  return definitions;
}

std::filesystem::path to_path(const std::string& utf8) {
  return std::filesystem::path{std::u8string{utf8.begin(), utf8.end()}};
}

}  // namespace mqtt_logger
