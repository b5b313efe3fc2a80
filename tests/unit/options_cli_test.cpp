#include "mqtt_logger/options/options_cli.hpp"

#include "options/option_table.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <system_error>

using namespace mqtt_logger;
using namespace std::chrono_literals;

namespace {

using Arguments = std::vector<std::string>;
using Environment = std::vector<EnvironmentVariable>;

const std::string kNoSuchFile = std::generic_category().message(ENOENT);

Options parse(const Arguments& arguments, const Environment& environment = {}) {
  const auto result = parse_options(arguments, environment, [] { return std::string{}; });
  if (const auto* exit = std::get_if<ParseExit>(&result)) FAIL(exit->text);
  return std::get<Options>(result);
}

ParseExit parse_exit(const Arguments& arguments, const Environment& environment = {}) {
  const auto result = parse_options(arguments, environment, [] { return std::string{"Library 1.2.3\n"}; });
  return std::holds_alternative<ParseExit>(result) ? std::get<ParseExit>(result) : ParseExit{{}, "no error"};
}

/// The error line without the program's name and the line end.
std::string error(const Arguments& arguments, const Environment& environment = {}) {
  const std::string begin = "mqtt-logger: ";
  const auto [exit_code, text] = parse_exit(arguments, environment);
  CHECK(exit_code == ExitCode::usage);
  CHECK(text.compare(0, begin.size(), begin) == 0);
  CHECK(text.find('\n') == text.size() - 1);
  return text.substr(std::min(begin.size(), text.size()), text.size() - begin.size() - 1);
}

/// A configuration file that lives as long as the test.
class ConfigFile {
 public:
  explicit ConfigFile(std::string_view text) { std::ofstream{path_, std::ios::binary} << text; }
  ~ConfigFile() { std::filesystem::remove(path_); }
  ConfigFile(const ConfigFile&) = delete;
  ConfigFile& operator=(const ConfigFile&) = delete;

  [[nodiscard]] std::string name() const { return path_.string(); }

 private:
  // Tests may run as several processes at once.
  std::filesystem::path path_ = std::filesystem::temp_directory_path() /
                                ("options_cli_test_" + std::to_string(std::random_device{}()) + ".toml");
};

}  // namespace

TEST_CASE("Topic filters may have a QoS of their own, and hold anything behind it") {
  const Options options =
      parse({"--topic", "a", "--topic-qos", "2:b@1:0", "--topic-qos", "0:$share/g/c/#", "--topic", "b@1:0",
             "--exclude", "a/debug/#", "--exclude", "+", "--exclude", "+"});
  CHECK(options.topics == Arguments{"a", "b@1:0", "$share/g/c/#"});
  CHECK(options.topic_qos ==
        std::map<std::string, QoS>{{"b@1:0", QoS::exactly_once}, {"$share/g/c/#", QoS::at_most_once}});
  CHECK(options.excluded_topics == Arguments{"a/debug/#", "+"});
  CHECK(parse({"--topic-qos", "2:a"}).topics == Arguments{"a"});
  CHECK(error({"--topic-qos", "2:a", "--topic-qos", "1:a"}) ==
        "--topic-qos 1:a: must not give one topic filter two values of QoS");
}

TEST_CASE("Options without arguments are the defaults") {
  CHECK(parse({}) == Options{});
}

TEST_CASE("Options on the command line are taken over") {
  const Options options = parse({"--broker",
                                 "mqtt://[::1]:1884",
                                 "--topic",
                                 "a/#",
                                 "--topic=b,c d/+",
                                 "--topic",
                                 "a/#",
                                 "--format",
                                 "jsonl,csv,jsonl",
                                 "--output",
                                 "/var/x/data",
                                 "--simulate",
                                 "--qos=2",
                                 "--client-id",
                                 "hall 1",
                                 "--session-expiry",
                                 "7d",
                                 "--keep-alive",
                                 "0",
                                 "--mqtt-version",
                                 "3.1.1",
                                 "--journal",
                                 "/run/x.journal",
                                 "--journal-size",
                                 "1GiB",
                                 "--redelivered",
                                 "keep",
                                 "--fsync",
                                 "always",
                                 "--log-level",
                                 "debug",
                                 "--stats-every",
                                 "0",
                                 "--sensors",
                                 "100000",
                                 "--interval",
                                 "0.25",
                                 "--seed",
                                 "18446744073709551615"});
  Options expected;
  expected.brokers = {{"::1", 1884}};
  expected.topics = {"a/#", "b,c d/+"};
  expected.formats = {Format::jsonl, Format::csv};
  expected.output = "/var/x/data";
  expected.simulate = true;
  expected.qos = QoS::exactly_once;
  expected.client_id = "hall 1";
  expected.session_expiry = 168h;
  expected.keep_alive = 0s;
  expected.mqtt_version = MqttVersion::v3_1_1;
  expected.journal = "/run/x.journal";
  expected.journal_size_bytes = 1024 * 1024 * 1024;
  expected.redelivered = Redelivered::keep;
  expected.fsync = Fsync::always;
  expected.log_level = LogLevel::debug;
  expected.stats_every = 0ms;
  expected.sensors = 100'000;
  expected.interval = 250ms;
  expected.seed = UINT64_MAX;
  CHECK(options == expected);
}

TEST_CASE("Option values that other programs would interpret stay as they are") {
  CHECK(parse({"--topic", "[a,b]", "--topic", "\"q\"", "--topic", "{}"}).topics ==
        Arguments{"[a,b]", "\"q\"", "{}"});
  CHECK(parse({"--broker", "[::1]"}).brokers.front().host == "::1");
  CHECK(parse({"--client-id=--x=y"}).client_id == "--x=y");
  CHECK(parse({"--output", "/tmp/no extension"}).output == "/tmp/no extension");
  CHECK_FALSE(parse({"--journal", "none"}).journal_in_file);
  CHECK(parse({"--journal", "./none"}).journal == "./none");
  CHECK_FALSE(parse({"--simulate=false"}).simulate);
  CHECK(parse({"--simulate", "--simulate"}).simulate);
}

TEST_CASE("Option errors name the option, the value and what would be right") {
  const std::string port = "must be a whole number from 1 to 65535";
  const std::string keep_alive =
      "must be 0 (off) or a duration of whole seconds up to 65535s, such as 60s or 5m";
  const std::string expiry = "must be 0 or a duration of whole seconds up to 4294967295s, such as 1h or 7d";
  const std::string format = "must be csv, json, jsonl or both, or several with commas such as csv,jsonl";
  const std::string folder = "must name a file, not a folder, such as exports/mqtt_data";
  const std::string journal = "must name a file, not a folder, such as exports/mqtt_data.journal, or be none";
  const std::string extension = "must be without extension; the exports add .csv, .json or .jsonl to it";
  const std::string size = "must be a size from 64KiB to 1GiB, such as 64MiB or 256MiB";
  const std::string interval = "must be 0 or a duration up to 365d, such as 250ms, 2s or 5m";
  const auto [option, value, fault] = GENERATE_COPY(table<std::string, std::string, std::string>({
      {"--broker", "", "must name a host, such as localhost or mqtt://broker.example:1883"},
      {"--broker", "a b", "must be a host name, an IP address or mqtt://host:port"},
      {"--broker", "http://h", "must begin with mqtt://, mqtts://, ws:// or wss://, or be a host alone"},
      {"--port", "0", port},
      {"--port", "65536", port},
      {"--port", "-1", port},
      {"--port", "+1", port},
      {"--port", "0x75B", port},
      {"--port", "1883 ", port},
      {"--port", "1e3", port},
      {"--topic", "", "must not be empty"},
      {"--topic-qos", "a/#", "must be 0:, 1: or 2: followed by a topic filter, such as 2:alarms/#"},
      {"--topic-qos", "3:a", "must be 0:, 1: or 2: followed by a topic filter, such as 2:alarms/#"},
      {"--topic-qos", "2:", "must not be empty"},
      {"--exclude", "a#", "must have # alone in its level, such as sensors/#"},
      {"--exclude", "$share/g/a", "must be the topic filter alone, without $share/GROUP/"},
      {"--status-topic", "a/+",
       "must be one topic, without + and # and not beginning with $, such as status/logger"},
      {"--status-topic", "$SYS/a",
       "must be one topic, without + and # and not beginning with $, such as status/logger"},
      {"--retained", "always", "must be send, new or never"},
      {"--max-packet-size", "1000",
       "must be a size from 1KiB to 268435460 bytes (MQTT's limit), such as 1MiB"},
      {"--topic", "a#", "must have # alone in its level, such as sensors/#"},
      {"--topic", "$share/g", "must be $share/GROUP/FILTER, with a group and a filter that are not empty"},
      {"--qos", "3", "must be 0, 1 or 2"},
      {"--qos", "", "must be 0, 1 or 2"},
      {"--qos", "1.0", "must be 0, 1 or 2"},
      {"--client-id", "", "must be 1 to 65,535 bytes of UTF-8 without control characters"},
      {"--client-id", "\x7F", "must be 1 to 65,535 bytes of UTF-8 without control characters"},
      {"--client-id", "\xFF", "must be 1 to 65,535 bytes of UTF-8 without control characters"},
      {"--session-expiry", "-1", expiry},
      {"--session-expiry", "1.5", expiry},
      {"--session-expiry", "4294967296", expiry},
      {"--session-expiry", "1y", expiry},
      {"--keep-alive", "65536", keep_alive},
      {"--keep-alive", "500ms", keep_alive},
      {"--keep-alive", "nan", keep_alive},
      {"--connect-timeout", "0", "must be a duration from 1s to 1h, such as 10s"},
      {"--connect-timeout", "2h", "must be a duration from 1s to 1h, such as 10s"},
      {"--proxy", "proxy:3128", "must be the URL of an HTTP proxy, such as http://proxy:3128"},
      {"--ws-header-file", "", "must name a file"},
      {"--mqtt-version", "4", "must be 5 or 3.1.1"},
      {"--format", "", format},
      {"--format", "xml", format},
      {"--format", "csv,", format},
      {"--format", "csv, json", format},
      {"--format", "CSV", format},
      {"--output", "", folder},
      {"--output", "data/", folder},
      {"--output", "data/..", folder},
      {"--output", ".", folder},
      {"--output", "data.csv", extension},
      {"--output", "data.JSON", extension},
      {"--output", "data.jsonl", extension},
      {"--fsync", "yes", "must be always, everysec or no"},
      {"--journal", "", journal},
      {"--journal", "data/", journal},
      {"--journal-size", "65535", size},
      {"--journal-size", "1.1GiB", size},
      {"--journal-size", "64 MiB", size},
      {"--redelivered", "Drop", "must be drop or keep"},
      {"--keep", "-1", "must be a whole number from 0 to 1000000"},
      {"--keep-for", "90ms",
       "must be 0 (for ever) or a duration of whole seconds up to 36500d, such as 30d or 12h"},
      {"--keep-size", "1000",
       "must be 0 (no limit) or a size from 1KiB to 1048576TiB, such as 500MiB or 20GiB"},
      {"--compress", "zip", "must be gzip or none"},
      {"--min-free", "some", "must be 0 (never) or a size up to 1048576TiB, such as 64MiB or 1GiB"},
      {"--log-level", "trace", "must be error, warning, info or debug"},
      {"--stats-every", "366d", "must be 0 or a duration up to 365d, such as 30s, 5m or 1h"},
      {"--sensors", "0", "must be a whole number from 1 to 100000"},
      {"--sensors", "100001", "must be a whole number from 1 to 100000"},
      {"--sensors", "4294967297", "must be a whole number from 1 to 100000"},
      {"--interval", "0.1ms", interval},
      {"--interval", "soon", interval},
      {"--seed", "-1", "must be a whole number from 0 to 18446744073709551615"},
      {"--seed", "18446744073709551616", "must be a whole number from 0 to 18446744073709551615"},
      {"--config", "", "must name a file"},
      {"--config", ".", "must be a file, not a folder"},
      {"--config", "no/such.toml", "must be a file that can be read: " + kNoSuchFile},
  }));
  const std::string shown = value == "\x7F"   ? "\\x7F"
                            : value == "\xFF" ? "\\xFF"
                            : value.empty()   ? "\"\""
                                              : value;
  CHECK(error({option, value}) == option + ' ' + shown + ": " + fault);
}

TEST_CASE("Option limits are within the range") {
  CHECK(parse({"--port", "1"}).brokers.front().port == 1);
  CHECK(parse({"--port", "65535"}).brokers.front().port == 65535);
  CHECK(parse({"--keep-alive", "65535"}).keep_alive == 65535s);
  CHECK(parse({"--connect-timeout", "1h"}).connect_timeout == 1h);
  CHECK(parse({"--connect-timeout", "1.5s"}).connect_timeout == 1500ms);
  CHECK(parse({"--proxy", "http://proxy:3128"}).proxy == "http://proxy:3128");
  CHECK(parse({"--session-expiry", "4294967295"}).session_expiry == 4294967295s);
  CHECK(parse({"--journal-size", "64KiB"}).journal_size_bytes == 65536);
  CHECK(parse({"--journal-size", "1GiB"}).journal_size_bytes == std::uint64_t{1} << 30);
  CHECK(parse({"--client-id", std::string(65'535, 'x')}).client_id.size() == 65'535);
}

TEST_CASE("Command line errors are told in one line") {
  const auto [arguments, message] = GENERATE(table<Arguments, std::string>({
      {{"--brokr", "x"}, "--brokr: unknown option (did you mean --broker?); see --help"},
      {{"--brokr=x"}, "--brokr: unknown option (did you mean --broker?); see --help"},
      {{"--sim"}, "--sim: unknown option (did you mean --simulate?); see --help"},
      {{"--Qos=1"}, "--Qos: unknown option (did you mean --qos?); see --help"},
      {{"-qos", "1"}, "-qos: unknown option (did you mean --qos?); see --help"},
      {{"--nickname", "x"}, "--nickname: unknown option; see --help"},
      {{"--nickname="}, "--nickname: unknown option; see --help"},
      {{"-q"}, "-q: unknown option; see --help"},
      {{"--=x"}, "--: unknown option; see --help"},
      {{"--help=x"}, "--help: takes no value"},
      {{"sensors/#"}, "sensors/#: must be an option, such as --topic; see --help"},
      {{"--topic", "a", "b"}, "b: must be an option, such as --topic; see --help"},
      {{"--simulate", "yes"}, "yes: must be an option, such as --topic; see --help"},
      {{""}, "\"\": must be an option, such as --topic; see --help"},
      {{"-"}, "-: must be an option, such as --topic; see --help"},
      {{"--", "a"}, "--: must be an option, such as --topic; see --help"},
      {{"a\nb"}, "a\\x0Ab: must be an option, such as --topic; see --help"},
      {{"mqtt://me:word@h"}, "mqtt://***@h: must be an option, such as --topic; see --help"},
      {{"--qos"}, "--qos: must be followed by its value"},
      {{"--topic", "a", "--topic"}, "--topic: must be followed by its value"},
      {{"--qos", "--port", "1"}, "--qos: must be followed by its value, not by --port"},
      {{"--topic="}, "--topic=: must have a value after the = sign"},
      {{"--topic=", "a"}, "--topic=: must have a value after the = sign"},
      {{"--simulate="}, "--simulate=: must have a value after the = sign"},
      {{"--simulate=maybe"}, "--simulate=maybe: must be true or false"},
      {{"--port", "1", "--port=2"}, "--port 2: must be given only once, 1 came first"},
      {{"--qos", "1", "--qos", "1"}, "--qos 1: must be given only once, 1 came first"},
      {{"--broker", "mqtt://h:1", "--port", "2"},
       "--port 2: must be left out or be the port of --broker mqtt://h:1"},
      {{"--broker", "mqtt://me:word@h"},
       "--broker mqtt://***@h: must not contain a user name or password, "
       "which others could see; give them with --username and --password-file"},
      {{"--client-id", "a\nb"},
       "--client-id a\\x0Ab: must be 1 to 65,535 bytes of UTF-8 without control characters"},
      {{"--topic", std::string(65'536, 'x')},
       "--topic " + std::string(100, 'x') + "…: must be at most 65,535 bytes long"},
  }));
  CHECK(error(arguments) == message);
}

TEST_CASE("Options of a stronger source win") {
  const ConfigFile file{"qos = 0\nsensors = 1\nseed = 3\ntopic = ['f/1', 'f/2']\nsimulate = true\n"};
  const Environment environment{{"MQTT_LOGGER_QOS", "1"},
                                {"MQTT_LOGGER_SENSORS", "2"},
                                {"MQTT_LOGGER_TOPIC", "e/1\ne/2"},
                                {"MQTT_LOGGER_CONFIG", file.name()}};
  const Options options = parse({"--qos", "2", "--topic", "c/1"}, environment);
  CHECK(options.qos == QoS::exactly_once);
  CHECK(options.sensors == 2);
  CHECK(options.seed == 3);
  CHECK(options.topics == Arguments{"c/1"});
  CHECK(options.simulate);
  CHECK_FALSE(parse({"--simulate=false"}, environment).simulate);
  CHECK(parse({}, environment).topics == Arguments{"e/1", "e/2"});
  CHECK(parse({"--config", file.name()}).topics == Arguments{"f/1", "f/2"});
}

TEST_CASE("Options that a stronger source sets are not looked at in a weaker one") {
  CHECK(parse({"--port", "1884"}, {{"MQTT_LOGGER_PORT", "tcp://10.0.0.1:1883"}}).brokers.front().port ==
        1884);
}

TEST_CASE("Ports may stand with the broker or alone") {
  CHECK(parse({"--broker", "h"}).brokers.front() == BrokerAddress{"h", 1883});
  CHECK(parse({"--broker", "h", "--port", "1"}).brokers.front() == BrokerAddress{"h", 1});
  CHECK(parse({"--broker", "h:1", "--port", "1"}).brokers.front() == BrokerAddress{"h", 1});
  CHECK(parse({"--broker", "h:1"}, {{"MQTT_LOGGER_PORT", "2"}}).brokers.front() == BrokerAddress{"h", 1});
  CHECK(parse({"--port", "2"}, {{"MQTT_LOGGER_BROKER", "h:1"}}).brokers.front() == BrokerAddress{"h", 2});
  CHECK(error({}, {{"MQTT_LOGGER_BROKER", "h:1"}, {"MQTT_LOGGER_PORT", "2"}}) ==
        "MQTT_LOGGER_PORT=2: must be left out or be the port of MQTT_LOGGER_BROKER=h:1");
}

TEST_CASE("Several brokers are tried in order, and --port is for those that name none") {
  const Options options = parse({"--broker", "a", "--broker", "mqtts://b", "--broker", "wss://c/x",
                                 "--broker", "a", "--broker", "ws://d:1"});
  CHECK(options.brokers == std::vector<BrokerAddress>{{"a", 1883},
                                                      {"b", 8883, Transport::mqtts},
                                                      {"c", 443, Transport::wss, "/x"},
                                                      {"d", 1, Transport::ws, "/mqtt"}});
  CHECK(parse({"--broker", "ws://a"}).brokers.front().port == 80);
  CHECK(parse({"--broker", "mqtts://b", "--port", "2"}).brokers.front().port == 2);
  CHECK(parse({"--broker", "a:1", "--broker", "b", "--port", "2"}).brokers ==
        std::vector<BrokerAddress>{{"a", 1}, {"b", 2}});
  CHECK(error({"--broker", "a:1", "--broker", "b:1", "--port", "2"}) ==
        "--port 2: must be left out or be the port of --broker a:1");
  CHECK(parse({"--broker", "c"}, {{"MQTT_LOGGER_BROKER", "a\nb"}}).brokers ==
        std::vector<BrokerAddress>{{"c", 1883}});
  CHECK(parse({}, {{"MQTT_LOGGER_BROKER", "a\nb"}}).brokers.size() == 2);
}

TEST_CASE("Options of TLS stand beside a broker that speaks it") {
  const Options options = parse({"--broker", "a", "--broker", "mqtts://b", "--tls-ca", "ca.pem", "--tls-cert",
                                 "c.pem", "--tls-key", "k.pem", "--tls-key-password-file", "p", "--tls-alpn",
                                 "mqtt", "--tls-alpn", "x", "--tls-insecure"});
  CHECK(options.tls == TlsOptions{"ca.pem", "c.pem", "k.pem", "p", "", {"mqtt", "x"}, true});
  const std::string beside = "needs a --broker that begins with mqtts:// or wss://";
  CHECK(error({"--tls-ca", "ca.pem"}) == "--tls-ca ca.pem: " + beside);
  CHECK(error({"--broker", "ws://h", "--tls-insecure"}) == "--tls-insecure: " + beside);
  CHECK_FALSE(parse({"--tls-insecure=false"}).tls.is_insecure);
  CHECK(error({"--broker", "wss://h", "--tls-key", "k"}) == "--tls-key k: needs --tls-cert");
  CHECK(error({"--broker", "wss://h", "--tls-key-password-file", "k"}) ==
        "--tls-key-password-file k: needs --tls-cert");
}

TEST_CASE("Retention stands beside rotation, unless it keeps everything") {
  const auto name = GENERATE(as<std::string>{}, "--keep", "--keep-for", "--keep-size");
  CHECK(error({name, "2000"}) == name + " 2000: needs --rotate-size or --rotate-every");
  CHECK(error({name, "2000", "--rotate-every", "0"}) ==
        name + " 2000: needs --rotate-size or --rotate-every");
  CHECK(parse({name, "0"}) == Options{});
  const Options by_size = parse({name, "2000", "--rotate-size", "1MiB"});
  const Options by_time = parse({name, "2000", "--rotate-every", "day"});
  CHECK((by_size.keep_groups == 2000) == (name == "--keep"));
  CHECK((by_time.keep_for == 2000s) == (name == "--keep-for"));
  CHECK((by_time.keep_size_bytes == 2000) == (name == "--keep-size"));
}

TEST_CASE("Compression stands beside rotation, too") {
  CHECK(error({"--compress", "gzip"}) == "--compress gzip: needs --rotate-size or --rotate-every");
  CHECK(parse({"--compress", "none"}) == Options{});
  CHECK(parse({"--compress", "gzip", "--rotate-every", "day"}).compress == Compression::gzip);
}

TEST_CASE("Passwords stand beside a user name, once, and are never shown") {
  CHECK(parse({"--username", "u"}).credentials == Credentials{"u", std::nullopt, {}});
  CHECK(parse({"--username", "u", "--password", "w"}).credentials == Credentials{"u", "w", {}});
  CHECK(parse({"--username", "u"}, {{"MQTT_LOGGER_PASSWORD", "w"}}).credentials == Credentials{"u", "w", {}});
  CHECK(parse({"--username", "u", "--password-file", "f"}, {{"MQTT_LOGGER_PASSWORD", "w"}}).credentials ==
        Credentials{"u", std::nullopt, "f"});
  CHECK(parse({"--username", "u", "--password", "w"}, {{"MQTT_LOGGER_PASSWORD_FILE", "f"}}).credentials ==
        Credentials{"u", "w", {}});
  CHECK(error({"--username", "u", "--password", "w", "--password-file", "f"}) ==
        "--password-file f: cannot be combined with --password");
  CHECK(error({"--password", "geheim"}) == "--password ***: needs --username");
  CHECK(error({"--password", "geheim", "--password", "geheim"}) ==
        "--password ***: must be given only once, *** came first");
  CHECK(error({}, {{"MQTT_LOGGER_PASSWORD", "geheim"}}) == "MQTT_LOGGER_PASSWORD=***: needs --username");
  CHECK(error({"--password-file", "f"}) == "--password-file f: needs --username");
  const ConfigFile file{"password = ['geheim', 'b']\n"};
  CHECK(error({"--config", file.name()}).find("geheim") == std::string::npos);
}

TEST_CASE("Environment errors name the variable") {
  CHECK(error({}, {{"MQTT_LOGGER_QOS", "3"}}) == "MQTT_LOGGER_QOS=3: must be 0, 1 or 2");
  CHECK(error({}, {{"MQTT_LOGGER_SIMULATE", "yes"}}) == "MQTT_LOGGER_SIMULATE=yes: must be true or false");
  CHECK(error({}, {{"MQTT_LOGGER_TOPICS", "a"}}) ==
        "MQTT_LOGGER_TOPICS: unknown variable (did you mean MQTT_LOGGER_TOPIC?); see --help");
  CHECK(error({}, {{"MQTT_LOGGER_CONFIG", "no/such.toml"}}) ==
        "MQTT_LOGGER_CONFIG=no/such.toml: must be a file that can be read: " + kNoSuchFile);
}

TEST_CASE("File errors name the file, the line, the key and the value") {
  const auto [text, message] = GENERATE(table<std::string, std::string>({
      {"\nqos = 3", ":2: qos = 3: must be 0, 1 or 2"},
      {"topic = ['a', 'b#']", ":1: topic = b#: must have # alone in its level, such as sensors/#"},
      {"topic = ''", ":1: topic = \"\": must not be empty"},
      {"output = \"a\\u0000\"", ":1: output = a\\x00: must not contain a NUL character"},
      {"broker = 'u:word@h'",
       ":1: broker = ***@h: must not contain a user name or password, which others could see; give them with "
       "--username and "
       "--password-file"},
      {"broker = 'h:1'\nport = 2", ":2: port = 2: must be left out or be the port of FILE:1: broker = h:1"},
      {"brokr = 'h'", ":1: brokr: unknown option (did you mean broker?); see --help"},
      {"session_expiry = 1", ":1: session_expiry: unknown option (did you mean session-expiry?); see --help"},
      {"help = true", ":1: help: unknown option; see --help"},
      {"config = 'x'", ":1: config: cannot be set in a file"},
      {"qos = [1]\nqos = [2]", ":2: qos: is set twice, first in line 1"},
      {"qos = [1, 2]", ":1: qos: must be one value, not an array"},
      {"format = csv", ":1: format: must have its value in quotes"},
  }));
  const ConfigFile file{text};
  std::string expected = file.name() + message;
  if (const auto place = expected.find("FILE"); place != std::string::npos)
    expected.replace(place, 4, file.name());
  CHECK(error({"--config", file.name()}) == expected);
}

TEST_CASE("Files that are too large to be meant are refused") {
  const ConfigFile file{std::string(1024 * 1024 + 1, '\n')};
  CHECK(error({"--config", file.name()}) == "--config " + file.name() + ": must be at most 1 MiB large");
}

TEST_CASE("An action stands alone, and its options not without it") {
  const auto as_arguments = [](const OptionDefinition& definition) {
    const std::string name = "--" + std::string{definition.name};
    if (definition.placeholder.empty()) return Arguments{name};
    return Arguments{name, definition.name == "sequence"     ? "/n"
                           : definition.default_text.empty() ? "2026-11-20"
                                                             : std::string{definition.default_text}};
  };
  const auto together = [](Arguments left, const Arguments& right) {
    left.insert(left.end(), right.begin(), right.end());
    return left;
  };
  std::size_t actions = 0;
  for (const OptionDefinition& definition : option_definitions()) {
    CAPTURE(definition.name);
    const Arguments one = as_arguments(definition);
    if (!definition.traits.belongs_to.empty())
      CHECK(error(one).ends_with(": needs --" + std::string{definition.traits.belongs_to}));
    if (!definition.traits.action) continue;
    ++actions;
    CHECK(parse(one).action == *definition.traits.action);
    if (definition.placeholder.empty()) CHECK(parse({one.front() + "=false"}).action == Action::log);
    for (const OptionDefinition& other : option_definitions()) {
      CAPTURE(other.name);
      const Arguments two = as_arguments(other);
      if (other.traits.action && &other != &definition) {
        CHECK(error(together(one, two)).find(": cannot be combined with --") != std::string::npos);
      } else if (!other.traits.belongs_to.empty() && other.traits.belongs_to != definition.name) {
        CHECK(error(together(one, two)).ends_with(": needs --" + std::string{other.traits.belongs_to}));
      } else if (other.traits.is_for_logging && definition.traits.action != Action::install_service) {
        CHECK(error(together(one, two)).find(": cannot be combined with --") != std::string::npos);
      }
    }
  }
  CHECK(actions == 7);
}

TEST_CASE("A file and the environment may hold what is for another day") {
  const ConfigFile file{"sensors = 3\nbackground = true\nby-topic = true\n"};
  CHECK(parse({"--config", file.name()}).sensors == 3);
  CHECK(parse({"--config", file.name(), "--verify", "a"}).by_topic);
  CHECK(parse({"--status"}, {{"MQTT_LOGGER_SIMULATE", "true"}, {"MQTT_LOGGER_SPEED", "2"}}).action ==
        Action::status);
  CHECK(error({"--config", file.name(), "--by-topic"}) == "--by-topic: needs --verify");
  CHECK(error({"--status", "--simulate"}) == "--simulate: cannot be combined with --status");
}

TEST_CASE("Help names every option and its default within 100 columns") {
  const auto [exit_code, text] = parse_exit({"--help"});
  CHECK(exit_code == ExitCode::everything_written);
  for (const OptionDefinition& definition : option_definitions()) {
    CAPTURE(definition.name);
    CHECK(text.find("--" + std::string{definition.name} + ' ') != std::string::npos);
    CHECK(text.find(std::string{definition.group} + ":\n") != std::string::npos);
    if (definition.default_text.empty()) continue;
    CHECK(text.find('[' + std::string{definition.default_text} + ']') != std::string::npos);
  }
  CHECK(text.find("Examples:\n") != std::string::npos);
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);) {
    CAPTURE(line);
    CHECK(line.size() <= 100);
  }
}

TEST_CASE("Help and version are given beside mistakes") {
  const std::string help = parse_exit({"--help"}).text;
  CHECK(parse_exit({"-h"}).text == help);
  CHECK(parse_exit({"--qos", "9", "--help", "--version"}, {{"MQTT_LOGGER_NONSENSE", "1"}}).text == help);
  const auto [exit_code, version] = parse_exit({"--nonsense", "--version"});
  CHECK(exit_code == ExitCode::everything_written);
  CHECK(version.compare(0, 12, "mqtt-logger ") == 0);
  CHECK(version.find("\nLibrary 1.2.3\n") == version.size() - 15);
}

TEST_CASE("--columns has a name of its own, and a JSON pointer or @client-id") {
  const Options options = parse({"--columns", "celsius=/value", "--columns", "all=", "--columns",
                                 "logger=@client-id", "--columns", "n=/a=b"});
  REQUIRE(options.columns.size() == 4);
  CHECK(options.columns[0] == Column{"celsius", JsonPointer::parse("/value")});
  CHECK(options.columns[1] == Column{"all", JsonPointer::parse("")});
  CHECK(options.columns[2] == Column{"logger", std::nullopt});
  CHECK(options.columns[3] == Column{"n", JsonPointer::parse("/a=b")});

  for (const std::string wrong : {"celsius", "celsius=value", "celsius=/a~", "celsius=/a~2", "celsius=@host"})
    CHECK_THAT(error({"--columns", wrong}),
               Catch::Matchers::ContainsSubstring("--columns " + wrong + ": must be a name, = and a JSON"));
  for (const std::string wrong : {"=/value", "a\nb=/value", "\xFF=/value"})
    CHECK_THAT(error({"--columns", wrong}),
               Catch::Matchers::ContainsSubstring("must have a name of 1 to 255 bytes"));
  for (const std::string wrong : {"payload=/value", "properties=/value", "timestamp=@client-id"})
    CHECK_THAT(error({"--columns", wrong}),
               Catch::Matchers::ContainsSubstring("that no field and no other column has"));
  CHECK_THAT(error({"--columns", "a=/x", "--columns", "a=/y"}),
             Catch::Matchers::ContainsSubstring("no other column has"));
}
