#include "mqtt_logger/options/option_table.hpp"

#include "mqtt_logger/format/text.hpp"
#include "mqtt_logger/options/action_options.hpp"
#include "mqtt_logger/options/broker_uri.hpp"
#include "mqtt_logger/options/column_option.hpp"
#include "mqtt_logger/options/option_values.hpp"
#include "mqtt_logger/platform/file_name.hpp"
#include "mqtt_logger/topic_filter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <system_error>

namespace mqtt_logger {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Apply = std::function<OptionFault(OptionsDraft&, const std::string&)>;

template <typename Value>
struct Choice {
  std::string_view name;
  Value value;
};

/// One of several names; the fault lists them: "must be 0, 1 or 2".
template <typename Value>
Apply choice(Value Options::*member, std::vector<Choice<Value>> choices) {
  return [member, choices = std::move(choices)](OptionsDraft& draft, const std::string& text) -> OptionFault {
    std::string names;
    for (std::size_t i = 0; i < choices.size(); ++i) {
      if (text == choices[i].name) {
        draft.options.*member = choices[i].value;
        return std::nullopt;
      }
      if (i > 0) names += i + 1 < choices.size() ? ", " : " or ";
      names += choices[i].name;
    }
    return "must be " + names;
  };
}

template <typename Number>
Apply whole_number(Number Options::*member, Number minimum, Number maximum) {
  return [=](OptionsDraft& draft, const std::string& text) -> OptionFault {
    const auto number = parse_number(text);
    if (!number || *number < minimum || *number > maximum) {
      return fmt::format("must be a whole number from {} to {}", minimum, maximum);
    }
    draft.options.*member = static_cast<Number>(*number);
    return std::nullopt;
  };
}

/// A duration from zero on, in whole units of the member's type.
template <typename Duration>
Apply duration(Duration Options::*member, Duration maximum, std::string_view right) {
  return [=](OptionsDraft& draft, const std::string& text) -> OptionFault {
    const auto parsed = parse_duration(text);
    if (!parsed || *parsed > maximum || *parsed % Duration{1} != milliseconds::zero())
      return std::string{right};
    draft.options.*member = std::chrono::duration_cast<Duration>(*parsed);
    return std::nullopt;
  };
}

Apply size(std::uint64_t Options::*member, std::uint64_t minimum, std::uint64_t maximum,
           std::string_view right) {
  return [=](OptionsDraft& draft, const std::string& text) -> OptionFault {
    const auto bytes = parse_size(text);
    if (!bytes || *bytes < minimum || *bytes > maximum) return std::string{right};
    draft.options.*member = *bytes;
    return std::nullopt;
  };
}

Apply size_or_zero(std::uint64_t Options::*member, std::uint64_t minimum, std::uint64_t maximum,
                   std::string_view right) {
  return [=, apply = size(member, minimum, maximum, right)](OptionsDraft& draft,
                                                            const std::string& text) -> OptionFault {
    if (parse_size(text) != std::uint64_t{0}) return apply(draft, text);
    draft.options.*member = 0;
    return std::nullopt;
  };
}

OptionFault add_broker(OptionsDraft& draft, const std::string& text) {
  auto parsed = parse_broker_uri(text);
  if (auto* fault = std::get_if<std::string>(&parsed)) return std::move(*fault);
  auto& uri = std::get<BrokerUri>(parsed);
  if (std::find(draft.brokers.begin(), draft.brokers.end(), uri) == draft.brokers.end())
    draft.brokers.push_back(std::move(uri));
  return std::nullopt;
}

OptionFault apply_port(OptionsDraft& draft, const std::string& text) {
  draft.port = parse_port(text);
  return draft.port ? std::nullopt : OptionFault{"must be a whole number from 1 to 65535"};
}

OptionFault add_topic(OptionsDraft& draft, const std::string& text) {
  if (auto fault = find_topic_filter_fault(text)) return fault;
  auto& topics = draft.topics;
  if (std::find(topics.begin(), topics.end(), text) == topics.end()) topics.push_back(text);
  return std::nullopt;
}

/// The digit stands in front, because a topic filter may hold, and end in, anything.
OptionFault add_topic_with_qos(OptionsDraft& draft, const std::string& text) {
  if (text.size() < 2 || text[0] < '0' || text[0] > '2' || text[1] != ':')
    return "must be 0:, 1: or 2: with a topic filter behind it, such as 2:alarms/#";
  const std::string filter = text.substr(2);
  if (auto fault = add_topic(draft, filter)) return fault;
  const auto qos = static_cast<QoS>(text[0] - '0');
  const auto [known, is_new] = draft.options.topic_qos.emplace(filter, qos);
  if (!is_new && known->second != qos) return "must not give one topic filter two values of QoS";
  return std::nullopt;
}

OptionFault add_excluded_topic(OptionsDraft& draft, const std::string& text) {
  if (auto fault = find_topic_filter_fault(text)) return fault;
  if (text.starts_with("$share/")) return "must be the topic filter alone, without $share/GROUP/";
  auto& filters = draft.options.excluded_topics;
  if (std::find(filters.begin(), filters.end(), text) == filters.end()) filters.push_back(text);
  return std::nullopt;
}

OptionFault apply_status_topic(OptionsDraft& draft, const std::string& text) {
  if (auto fault = find_topic_filter_fault(text)) return fault;
  if (text.find_first_of("+#") != std::string::npos || text.starts_with('$'))
    return "must be one topic, without + and # and not beginning with $, such as status/logger";
  draft.options.status_topic = text;
  return std::nullopt;
}

/// A file that is only read, and looked for when it is.
template <typename Group>
Apply file_path(Group Options::*group, std::filesystem::path Group::*member) {
  return [=](OptionsDraft& draft, const std::string& text) -> OptionFault {
    if (text.empty() || text.find('\0') != std::string::npos) return "must name a file";
    draft.options.*group.*member = to_path(text);
    return std::nullopt;
  };
}

bool has_control_character(std::string_view text) noexcept {
  return std::any_of(text.begin(), text.end(), [](char character) {
    const auto byte = static_cast<unsigned char>(character);
    return byte < 0x20 || byte == 0x7F;
  });
}

OptionFault apply_username(OptionsDraft& draft, const std::string& text) {
  if (text.empty() || text.size() > 65'535 || has_control_character(text) || !is_valid_utf8(text))
    return "must be 1 to 65,535 bytes of UTF-8 without control characters";
  draft.options.credentials.username = text;
  return std::nullopt;
}

OptionFault apply_password(OptionsDraft& draft, const std::string& text) {
  if (text.empty() || text.size() > 65'535) return "must have 1 to 65,535 bytes";
  draft.options.credentials.password = text;
  return std::nullopt;
}

OptionFault add_protocol(OptionsDraft& draft, const std::string& text) {
  if (text.empty() || text.size() > 255 || has_control_character(text))  // RFC 7301, section 3.1
    return "must be 1 to 255 bytes without control characters, such as mqtt";
  auto& protocols = draft.options.tls.protocols;
  if (std::find(protocols.begin(), protocols.end(), text) == protocols.end()) protocols.push_back(text);
  return std::nullopt;
}

OptionFault apply_client_id(OptionsDraft& draft, const std::string& text) {
  if (has_control_character(text) || text.empty() || text.size() > 65'535 || !is_valid_utf8(text)) {
    return "must be 1 to 65,535 bytes of UTF-8 without control characters";
  }
  draft.options.client_id = text;
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

Apply action(Action action) {
  return [action](OptionsDraft& draft, const std::string& text) -> OptionFault {
    if (text == "false") return std::nullopt;
    if (text != "true") return "must be true or false";
    Action& chosen = draft.options.action;
    if (chosen != Action::log && chosen != action) return "must not stand beside another action";
    chosen = action;
    return std::nullopt;
  };
}

/// The actions come last in --help.
std::vector<OptionDefinition> with_actions(std::vector<OptionDefinition> definitions) {
  std::vector<OptionDefinition> actions = action_definitions();
  std::move(actions.begin(), actions.end(), std::back_inserter(definitions));
  return definitions;
}

}  // namespace

const std::vector<OptionDefinition>& option_definitions() {
  constexpr std::uint64_t kibibyte = 1024;
  constexpr std::uint64_t gibibyte = kibibyte * kibibyte * kibibyte;

  static const std::vector<OptionDefinition> definitions = with_actions({
      {"Connection", "broker", "HOST|URI", "localhost",
       "Host name or IP address of the broker, also as HOST:PORT, or mqtt://HOST:PORT, mqtts:// (with TLS), "
       "ws:// or wss:// (WebSocket, also with a path). May stand several times: tried in this order.",
       add_broker, true},
      {"Connection", "port", "N", "",
       "Port of the broker, where --broker names none. Default: 1883; 8883 for mqtts, 80 for ws, 443 for "
       "wss.",
       apply_port},
      {"Connection", "topic", "FILTER", "sensors/#",
       "Topic filter, also with + and # or as $share/GROUP/FILTER; may stand several times.", add_topic,
       true},
      {"Connection", "topic-qos", "QOS:FILTER", "",
       "Topic filter with a QoS of its own, such as 2:alarms/#; may stand several times, also beside "
       "--topic.",
       add_topic_with_qos, true},
      {"Connection", "exclude", "FILTER", "",
       "Messages whose topic matches are counted, but not recorded; may stand several times.",
       add_excluded_topic, true},
      {"Connection", "retained", "send|new|never", "new",
       "When the broker sends the messages it retains: at each connect, once for a new subscription, or "
       "never (MQTT 5 only).",
       choice<Retained>(&Options::retained,
                        {{"send", Retained::send}, {"new", Retained::once}, {"never", Retained::never}})},

      {"Security", "username", "TEXT", "", "User name at the broker.", apply_username},
      {"Security", "password-file", "FILE", "",
       "File with the password in its only line. Without this option, systemd's credential named password is "
       "used (LoadCredential=password:FILE).",
       file_path(&Options::credentials, &Credentials::password_file)},
      {"Security", "password", "TEXT", "",
       "The password itself: other users of this machine can see it while the logger runs, so prefer "
       "--password-file or the variable MQTT_LOGGER_PASSWORD.",
       apply_password, false, true},
      {"Security", "tls-ca", "FILE|FOLDER", "",
       "Whom to trust to certify brokers: a file of certificates (PEM), or a folder as made by openssl "
       "rehash. Default: those that the system trusts.",
       file_path(&Options::tls, &TlsOptions::authorities)},
      {"Security", "tls-cert", "FILE", "",
       "Our own certificate (PEM), for brokers that ask for one; with the certificates that lead to its "
       "authority, if any.",
       file_path(&Options::tls, &TlsOptions::certificate)},
      {"Security", "tls-key", "FILE", "", "Its private key (PEM). Default: stands in the file of --tls-cert.",
       file_path(&Options::tls, &TlsOptions::key)},
      {"Security", "tls-key-password-file", "FILE", "",
       "File with the password of an encrypted private key in its only line.",
       file_path(&Options::tls, &TlsOptions::key_password_file)},
      {"Security", "tls-alpn", "NAME", "",
       "Protocol to ask for by ALPN, such as mqtt or x-amzn-mqtt-ca; may stand several times.", add_protocol,
       true},
      {"Security", "tls-insecure", "", "",
       "Take whoever answers for the broker, without looking at the certificate: whoever is between here and "
       "the broker can then read and change everything, and learn the password.",
       [](OptionsDraft& draft, const std::string& text) -> OptionFault {
         if (text != "true" && text != "false") return "must be true or false";
         draft.options.tls.is_insecure = text == "true";
         return std::nullopt;
       }},

      {"Session", "qos", "0|1|2", "1", "Highest quality of service: 0 may lose messages, 1 and 2 do not.",
       choice<QoS>(&Options::qos,
                   {{"0", QoS::at_most_once}, {"1", QoS::at_least_once}, {"2", QoS::exactly_once}})},
      {"Session", "client-id", "TEXT", "",
       "Name of the session at the broker; two loggers must not share one. Default: from the host name and "
       "--output.",
       apply_client_id},
      {"Session", "session-expiry", "DURATION", "1h",
       "How long the broker keeps messages while the logger is away, in whole seconds. 0 = clean start, "
       "nothing is "
       "kept.",
       duration(&Options::session_expiry, seconds{4'294'967'295},
                "must be 0 or a duration of whole seconds up to 4294967295s, such as 1h or 7d")},
      {"Session", "keep-alive", "DURATION", "60s",
       "Longest silence before a ping, in whole seconds; must exceed the longest stall of the disk. 0 = no "
       "pings.",
       duration(&Options::keep_alive, seconds{65'535},
                "must be 0 (off) or a duration of whole seconds up to 65535s, such as 60s or 5m")},
      {"Session", "mqtt-version", "5|3.1.1", "5",
       "Version of the protocol. A broker that refuses 5 is tried with 3.1.1, and the log says so.",
       choice<MqttVersion>(&Options::mqtt_version, {{"5", MqttVersion::v5}, {"3.1.1", MqttVersion::v3_1_1}})},
      {"Session", "forget-session", "", "",
       "End the session at the broker, with all that it keeps for this logger, and exit. What is in the "
       "journal "
       "stays.",
       choice<bool>(&Options::forget_session, {{"true", true}, {"false", false}})},
      {"Session", "max-packet-size", "SIZE", "",
       "Largest packet the broker may send (MQTT 5 only). It drops larger messages without a word to the "
       "logger; without this option it sends them, and too large ones are counted.",
       size(&Options::max_packet_bytes, 1024, 268'435'460,
            "must be a size from 1KiB to 268435460 bytes (MQTT's limit), such as 1MiB")},

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
       "NAME=@client-id: the client id of the logger that wrote the record. May stand several times.",
       add_column, true},
      {"Exports", "fsync", "always|everysec|no", "everysec",
       "When files are forced to the disk, against a power cut: before each acknowledgement, each second, or "
       "never.",
       choice<Fsync>(&Options::fsync,
                     {{"always", Fsync::always}, {"everysec", Fsync::everysec}, {"no", Fsync::no}})},
      {"Exports", "rotate-size", "SIZE", "0",
       "Go on in new files, named by the time of their first record, when one has this size. 0 = never.",
       size_or_zero(&Options::rotate_size_bytes, 1024, std::uint64_t{1} << 50,
                    "must be 0 (off) or a size from 1KiB to 1024TiB, such as 100MiB or 2GiB")},
      {"Exports", "rotate-every", "DURATION|hour|day", "0",
       "Go on in new files with each hour or day (UTC), or each multiple of a duration. 0 = never.",
       apply_rotate_every},
      {"Exports", "local-time", "", "", "Hours and days of --rotate-every are those of local time.",
       choice<bool>(&Options::local_time, {{"true", true}, {"false", false}})},
      {"Exports", "keep", "N", "0",
       "Of a rotated series, keep so many files of each format, with the one that is written; the oldest are "
       "removed. 0 = all.",
       whole_number<std::uint64_t>(&Options::keep_turns, 0, 1'000'000)},
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
       "Topic on which the logger tells, retained, that it is online and its counters each --stats-every, "
       "stopped, or offline (a last will).",
       apply_status_topic},
      {"Running", "background", "", "",
       "Go on without the terminal. The command returns when the logger is connected (exit code 0) or has "
       "said "
       "why not yet (1); the logger keeps trying.",
       choice<bool>(&Options::background, {{"true", true}, {"false", false}})},
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

      {"Actions", "status", "", "",
       "Print what the logger of this --output does, and exit: 0 if one runs, 1 if none.",
       action(Action::status)},
      {"Actions", "stop", "", "",
       "Stop the logger of this --output, or of this --pid-file, wait until it has ended, and exit.",
       action(Action::stop)},
      {"Actions", "install-service", "", "",
       "Windows: make a service of this program with the other options given and in this folder, and exit.",
       action(Action::install_service)},
      {"Actions", "uninstall-service", "", "", "Windows: stop and remove that service, and exit.",
       action(Action::uninstall_service)},

      {"Simulation", "simulate", "", "", "Publish readings of simulated sensors to the same broker.",
       choice<bool>(&Options::simulate, {{"true", true}, {"false", false}})},
      {"Simulation", "sensors", "N", "6", "Number of simulated sensors, up to 100000.",
       whole_number<unsigned>(&Options::sensors, 1, 100'000)},
      {"Simulation", "interval", "DURATION", "2s",
       "Time between two readings of a sensor. 0 = as fast as the broker takes them.",
       duration(&Options::interval, milliseconds{std::chrono::hours{24 * 365}},
                "must be 0 or a duration up to 365d, such as 250ms, 2s or 5m")},
      {"Simulation", "seed", "N", "1", "Begin of the random numbers: the same seed gives the same readings.",
       whole_number<std::uint64_t>(&Options::seed, 0, UINT64_MAX)},

      {"General", "config", "FILE", "", "Read options from a TOML file, see below.",
       [](OptionsDraft&, const std::string&) { return OptionFault{}; }},  // read before any option is applied
  });
  return definitions;
}

std::filesystem::path to_path(const std::string& utf8) {
  return std::filesystem::path{std::u8string{utf8.begin(), utf8.end()}};
}

}  // namespace mqtt_logger
