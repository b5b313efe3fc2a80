#include "mqtt_logger/format/json.hpp"

#include "support/catch.hpp"

#include <string>
#include <string_view>

using namespace mqtt_logger;
using namespace std::string_literals;

namespace {

std::string to_json(const Fields& fields) {
  std::string out;
  append_json(out, fields);
  return out;
}

std::string payload_to_json(std::string_view payload, Encoding encoding) {
  const std::string record = to_json({"T", "t", payload, "", encoding, QoS::at_most_once, false});
  const std::string_view before = R"({"timestamp":"T","topic":"t","payload":)";
  REQUIRE(record.starts_with(before));
  return record.substr(before.size(), record.rfind(",\"encoding\"") - before.size());
}

}  // namespace

TEST_CASE("JSON: the records of the contract's example") {
  CHECK(to_json({"2026-11-20T15:36:01.123456Z", "sensors/kitchen/temperature", "23.7", "", Encoding::json,
                 QoS::at_least_once, false}) ==
        R"({"timestamp":"2026-11-20T15:36:01.123456Z","topic":"sensors/kitchen/temperature","payload":23.7,)"
        R"("encoding":"json","qos":1,"retain":false})");
  CHECK(
      to_json({"2026-11-20T15:36:01.223456Z", "sensors/kitchen/note", "window open", "", Encoding::text,
               QoS::at_most_once, true}) ==
      R"({"timestamp":"2026-11-20T15:36:01.223456Z","topic":"sensors/kitchen/note","payload":"window open",)"
      R"("encoding":"text","qos":0,"retain":true})");
}

TEST_CASE("JSON: a JSON payload is copied verbatim, with spaces for line breaks") {
  CHECK(payload_to_json("1.50e+00", Encoding::json) == "1.50e+00");
  CHECK(payload_to_json("\n{\"a\":\r\n\t\"\\n\"}\r", Encoding::json) == " {\"a\":  \t\"\\n\"} ");
}

TEST_CASE("JSON: line breaks before the payload stay as they are") {
  std::string out = "[\r\n";
  append_json(out, {"T", "t", "[1,\n2]", "", Encoding::json, QoS::at_most_once, false});
  CHECK(out.starts_with("[\r\n{"));
}

TEST_CASE("JSON: other payloads are strings") {
  CHECK(payload_to_json("", Encoding::text) == "\"\"");
  CHECK(payload_to_json("a \"b\"\r\n", Encoding::text) == R"("a \"b\"\r\n")");
  CHECK(payload_to_json("\0\xFF"s, Encoding::base64) == "\"AP8=\"");
}

TEST_CASE("JSON: a hostile topic is escaped and repaired") {
  CHECK(to_json({"T", "a\"\0\n\xFF"s, "1", "", Encoding::json, QoS::at_most_once, false}) ==
        "{\"timestamp\":\"T\",\"topic\":\"a\\\"\\u0000\\n\xEF\xBF\xBD\",\"payload\":1,\"encoding\":\"json\","
        "\"qos\":0,"
        "\"retain\":false}");
}

TEST_CASE("JSON: properties only if there is something to write") {
  const auto record_end = [](std::string_view properties) {
    const std::string record = to_json({"T", "t", "1", properties, Encoding::json, QoS::at_most_once, false});
    return record.substr(record.find("\"retain\""));
  };
  CHECK(record_end("\x01\x01") == R"("retain":false,"properties":{"payload_format_indicator":1}})");
  CHECK(record_end("\x23\x01\x01") == R"("retain":false})");
  CHECK(record_end("\xFF") == R"("retain":false})");
}
