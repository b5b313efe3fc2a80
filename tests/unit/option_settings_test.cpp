#include "options/option_settings.hpp"

#include "mqtt_logger/base/error.hpp"

#include "support/catch.hpp"

using namespace mqtt_logger;

namespace {

std::vector<std::string> origins(const std::vector<EnvironmentVariable>& environment) {
  std::vector<std::string> texts;
  for (const Setting& setting : read_environment_settings(environment)) {
    CHECK(setting.source == SettingSource::environment);
    texts.push_back(setting.origin);
  }
  return texts;
}

}  // namespace

TEST_CASE("Environment variables of ours become settings") {
  CHECK(origins({{"PATH", "/bin"}, {"MQTT_LOGGER_CLIENT_ID", "hall 1"}, {"MQTT_LOGGER_QOS", "2"}}) ==
        std::vector<std::string>{"MQTT_LOGGER_CLIENT_ID=hall 1", "MQTT_LOGGER_QOS=2"});
}

TEST_CASE("Environment variables that are empty count as not set") {
  CHECK(
      origins({{"MQTT_LOGGER_QOS", ""}, {"MQTT_LOGGER_TOPIC", "\n"}, {"MQTT_LOGGER_NONSENSE", ""}}).empty());
}

TEST_CASE("Environment topics stand on lines of their own") {
  CHECK(origins({{"MQTT_LOGGER_TOPIC", "a b/#\nc,d\n"}}) ==
        std::vector<std::string>{"MQTT_LOGGER_TOPIC=a b/#", "MQTT_LOGGER_TOPIC=c,d"});
  CHECK(origins({{"MQTT_LOGGER_OUTPUT", "a\nb"}}) == std::vector<std::string>{"MQTT_LOGGER_OUTPUT=a\\x0Ab"});
}

TEST_CASE("Environment variables that are no option are refused") {
  const auto [name, message] = GENERATE(table<std::string, std::string>({
      {"MQTT_LOGGER_TOPICS",
       "MQTT_LOGGER_TOPICS: unknown variable (did you mean MQTT_LOGGER_TOPIC?); see --help"},
      {"MQTT_LOGGER_CLIENTID",
       "MQTT_LOGGER_CLIENTID: unknown variable (did you mean MQTT_LOGGER_CLIENT_ID?); see --help"},
      {"MQTT_LOGGER_qos", "MQTT_LOGGER_qos: unknown variable (did you mean MQTT_LOGGER_QOS?); see --help"},
      {"MQTT_LOGGER_CLIENT-ID",
       "MQTT_LOGGER_CLIENT-ID: unknown variable (did you mean MQTT_LOGGER_CLIENT_ID?); see --help"},
      {"MQTT_LOGGER_NICKNAME", "MQTT_LOGGER_NICKNAME: unknown variable; see --help"},
      {"MQTT_LOGGER_HELP", "MQTT_LOGGER_HELP: unknown variable; see --help"},
      {"MQTT_LOGGER_", "MQTT_LOGGER_: unknown variable; see --help"},
  }));
  CHECK_THROWS_WITH(read_environment_settings({{name, "x"}}), message);
}

TEST_CASE("Misspelled options get the nearest one suggested, or none") {
  CHECK(suggest_option("brokr") == "broker");
  CHECK(suggest_option("prot") == "port");
  CHECK(suggest_option("qso") == "qos");
  CHECK(suggest_option("sim") == "simulate");
  CHECK(suggest_option("session_expiry") == "session-expiry");
  CHECK(suggest_option("nickname") == std::nullopt);
  CHECK(suggest_option("x") == std::nullopt);
  CHECK(suggest_option("") == std::nullopt);
  CHECK(suggest_option(std::string(100'000, 'x')) == std::nullopt);
}

TEST_CASE("Values are shown on one line and not too long") {
  CHECK(show_value("") == "\"\"");
  CHECK(show_value("a\nb") == "a\\x0Ab");
  CHECK(show_value(std::string(100, 'x')) == std::string(100, 'x'));
  CHECK(show_value(std::string(101, 'x')) == std::string(100, 'x') + "…");
  CHECK(show_value(std::string(99, 'x') + "€€") == std::string(99, 'x') + "…");
  CHECK(show_value(*find_option("broker"), "mqtt://user:word@host") == "mqtt://***@host");
  CHECK(show_value(*find_option("client-id"), "me@home") == "me@home");
}
