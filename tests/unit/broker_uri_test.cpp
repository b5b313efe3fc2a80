#include "mqtt_logger/options/broker_uri.hpp"

#include "support/catch.hpp"

using namespace mqtt_logger;

namespace {

constexpr const char* kWrongHost = "must be a host name, an IP address or mqtt://host:port";
constexpr const char* kWrongPort = "must have a port from 1 to 65535 after the colon";
constexpr const char* kWrongScheme = "must begin with mqtt://, mqtts://, ws:// or wss://, or be a host alone";
constexpr const char* kUser =
    "must not contain a user name or password, which others could see; give them with --username and "
    "--password-file";
constexpr const char* kWrongPath = "must have a path of letters, digits and -._~/?&=%+!$'()*,; only";
constexpr const char* kNoHost = "must name a host, such as localhost or mqtt://broker.example:1883";

std::string find_uri_fault(std::string_view text) {
  const auto parsed = parse_broker_uri(text);
  const auto* fault = std::get_if<std::string>(&parsed);
  return fault != nullptr ? *fault : "none";
}

BrokerUri parse_uri(std::string_view text) {
  INFO(find_uri_fault(text));
  return std::get<BrokerUri>(parse_broker_uri(text));
}

}  // namespace

TEST_CASE("Brokers are hosts with or without a port") {
  using Row = std::tuple<std::string, std::string, std::optional<std::uint16_t>>;
  const auto [text, host, port] = GENERATE(values<Row>({
      {"localhost", "localhost", std::nullopt},
      {"broker.example.", "broker.example.", std::nullopt},
      {"my_broker-1", "my_broker-1", std::nullopt},
      {"4.example", "4.example", std::nullopt},
      {"localhost:1884", "localhost", 1884},
      {"192.168.0.1", "192.168.0.1", std::nullopt},
      {"192.168.0.1:1", "192.168.0.1", 1},
      {"::1", "::1", std::nullopt},
      {"::", "::", std::nullopt},
      {"2001:db8::8:800:200C:417A", "2001:db8::8:800:200C:417A", std::nullopt},
      {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8", std::nullopt},
      {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7::", std::nullopt},
      {"::ffff:192.0.2.1", "::ffff:192.0.2.1", std::nullopt},
      {"::192.0.2.1", "::192.0.2.1", std::nullopt},
      {"1:2:3:4:5:6:192.0.2.1", "1:2:3:4:5:6:192.0.2.1", std::nullopt},
      {"fe80::1%eth0", "fe80::1%eth0", std::nullopt},
      {"[::1]", "::1", std::nullopt},
      {"[::1]:65535", "::1", 65535},
      {"mqtt://localhost", "localhost", std::nullopt},
      {"MQTT://localhost/", "localhost", std::nullopt},
      {"mqtt://broker.example:1884", "broker.example", 1884},
      {"mqtt://[2001:db8::1]:1884/", "2001:db8::1", 1884},
  }));
  CAPTURE(text);
  CHECK(parse_uri(text) == BrokerUri{host, port, Transport::mqtt, ""});
}

TEST_CASE("Schemes say how MQTT travels, and WebSockets have a path") {
  const auto [text, uri] = GENERATE(table<std::string, BrokerUri>({
      {"mqtts://h", {"h", std::nullopt, Transport::mqtts, ""}},
      {"MQTTS://h:1/", {"h", 1, Transport::mqtts, ""}},
      {"mqtts://[::1]:8884", {"::1", 8884, Transport::mqtts, ""}},
      {"ws://h", {"h", std::nullopt, Transport::ws, "/mqtt"}},
      {"ws://h/", {"h", std::nullopt, Transport::ws, "/"}},
      {"ws://h:1/a/b?c=d%20e", {"h", 1, Transport::ws, "/a/b?c=d%20e"}},
      {"wss://[::1]/mqtt", {"::1", std::nullopt, Transport::wss, "/mqtt"}},
      {"wss://::1/mqtt", {"::1", std::nullopt, Transport::wss, "/mqtt"}},
  }));
  CAPTURE(text);
  CHECK(parse_uri(text) == uri);
}

TEST_CASE("Brokers with a fault are told what would be right") {
  const auto [text, fault] = GENERATE(table<std::string, std::string>({
      {"", kNoHost},
      {"mqtt://", kNoHost},
      {"mqtt:///", kNoHost},
      {"tcp://localhost", kWrongScheme},
      {"mqttss://localhost", kWrongScheme},
      {"wss://", kNoHost},
      {"wss:///mqtt", kNoHost},
      {"mqtts://h/path", kWrongHost},
      {"ws://h:0/path", kWrongPort},
      {"ws://h/a b", kWrongPath},
      {"ws://h/a:1", kWrongPath},
      {"ws://h/\n", kWrongPath},
      {"wss://user:word@h/mqtt", kUser},
      {"://localhost", kWrongScheme},
      {"mqtt://user@localhost", kUser},
      {"mqtt://user:word@localhost:1883", kUser},
      {"user@localhost", kUser},
      {"localhost:", kWrongPort},
      {"localhost:0", kWrongPort},
      {"localhost:65536", kWrongPort},
      {"localhost:-1", kWrongPort},
      {"localhost:1883x", kWrongPort},
      {"[::1]:", kWrongPort},
      {"mqtt://h:1/path", kWrongPort},
      {":1883", kWrongHost},
      {"mqtt://h/path", kWrongHost},
      {"h?x=1", kWrongHost},
      {"a b", kWrongHost},
      {" localhost", kWrongHost},
      {"a..b", kWrongHost},
      {".a", kWrongHost},
      {".", kWrongHost},
      {"-a", kWrongHost},
      {"bücher.example", kWrongHost},
      {"1883", kWrongHost},
      {"256.1.1.1", kWrongHost},
      {"1.2.3", kWrongHost},
      {"1.2.3.04", kWrongHost},
      {"1.2.3.4.5", kWrongHost},
      {"[]", kWrongHost},
      {"[localhost]", kWrongHost},
      {"[::1", kWrongHost},
      {"::1]", kWrongHost},
      {"[::1]]", kWrongHost},
      {"mqtt://mqtt://h", kWrongPort},
      {"1:2:3:4:5:6:7:8:9", kWrongHost},
      {"1::2::3", kWrongHost},
      {":::", kWrongHost},
      {"::g", kWrongHost},
      {"[12345::]", kWrongHost},
      {"[1:2:3:4:5:6:7]", kWrongHost},
      {"[1:2:3:4:5:6:7:8::]", kWrongHost},
      {"[192.0.2.1::]", kWrongHost},
      {"[::1.2.3]", kWrongHost},
      {"[:1]", kWrongHost},
      {"[fe80::1%]", kWrongHost},
  }));
  CAPTURE(text);
  CHECK(find_uri_fault(text) == fault);
}

TEST_CASE("Host names have labels of at most 63 bytes and 253 in all") {
  const std::string label(63, 'a');
  CHECK(find_uri_fault(label) == "none");
  CHECK(find_uri_fault(label + "a") == kWrongHost);
  CHECK(find_uri_fault(label + '.' + label + '.' + label + '.' + std::string(61, 'b')) == "none");
  CHECK(find_uri_fault(label + '.' + label + '.' + label + '.' + std::string(62, 'b')) == kWrongHost);
}

TEST_CASE("User information and queries are hidden") {
  CHECK(hide_user_information("mqtt://user:word@host:1") == "mqtt://***@host:1");
  CHECK(hide_user_information("mqtt://user:w@rd@host") == "mqtt://***@host");
  CHECK(hide_user_information("user:word@host") == "***@host");
  CHECK(hide_user_information("user:a://b@host") == "***@host");
  CHECK(hide_user_information("mqtt://host") == "mqtt://host");
  CHECK(hide_user_information("wss://host/mqtt?token=S") == "wss://host/mqtt?***");
  CHECK(hide_user_information("wss://user:word@host/mqtt?token=S") == "wss://***@host/mqtt?***");
  CHECK(hide_user_information("wss://host/mqtt?token=S@S") == "wss://***");
  CHECK(hide_user_information("mqtt://user:w?rd@host") == "mqtt://***");
  CHECK(hide_user_information("host?token=S") == "host?***");
  CHECK(to_string(BrokerAddress{"host", 443, Transport::wss, "/mqtt?token=S"}) == "wss://host:443/mqtt?***");
}
