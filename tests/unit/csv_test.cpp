#include "mqtt_logger/format/csv.hpp"

#include "support/catch.hpp"

#include <string>
#include <string_view>

using namespace mqtt_logger;
using namespace std::string_literals;

namespace {

std::string to_csv(std::string_view topic, std::string_view payload, Encoding encoding) {
  std::string out;
  append_csv(out, {"T", topic, payload, "", encoding, QoS::at_least_once, false});
  return out;
}

}  // namespace

TEST_CASE("CSV: a record has the columns of the header") {
  std::string out{kCsvHeader};
  append_csv(out, {"2026-11-20T15:36:01.123456Z", "sensors/kitchen/temperature", "23.7", "ignored",
                   Encoding::json, QoS::exactly_once, true});
  append_csv(out, {"2026-11-20T15:36:01.223456Z", "sensors/kitchen/note", "", "", Encoding::text,
                   QoS::at_most_once, false});
  CHECK(out ==
        "timestamp,topic,payload,encoding,qos,retain\n"
        "2026-11-20T15:36:01.123456Z,sensors/kitchen/temperature,23.7,json,2,true\n"
        "2026-11-20T15:36:01.223456Z,sensors/kitchen/note,,text,0,false\n");
}

TEST_CASE(
    "CSV: a field is quoted if it holds a comma, a quotation mark or a line break, wherever it stands") {
  for (const char special : {',', '\r', '\n'}) {
    for (std::size_t size = 1; size < 20; ++size) {
      for (std::size_t position = 0; position < size; ++position) {
        std::string payload(size, 'x');
        payload[position] = special;
        CHECK(to_csv("t", payload, Encoding::text) == "T,t,\"" + payload + "\",text,1,false\n");
      }
    }
  }
  CHECK(to_csv("a,b", "c\"d\"", Encoding::text) == "T,\"a,b\",\"c\"\"d\"\"\",text,1,false\n");
  CHECK(to_csv("a", "\"", Encoding::text) == "T,a,\"\"\"\",text,1,false\n");
  CHECK(to_csv("a'; b", " \t\x01|-+!#", Encoding::text) == "T,a'; b, \t\x01|-+!#,text,1,false\n");
}

TEST_CASE("CSV: quotation marks are doubled in payloads of any size") {
  for (const std::size_t size : {127U, 128U, 129U, 1000U}) {
    CHECK(to_csv("t", std::string(size, '"'), Encoding::text) ==
          "T,t," + std::string(2 * size + 2, '"') + ",text,1,false\n");
  }
}

TEST_CASE("CSV: the payload is its bytes, line breaks included, or Base64") {
  CHECK(to_csv("t", "[1,\r\n2]", Encoding::json) == "T,t,\"[1,\r\n2]\",json,1,false\n");
  CHECK(to_csv("t", "\0\xFF"s, Encoding::base64) == "T,t,AP8=,base64,1,false\n");
}

TEST_CASE("CSV: a topic that is not valid UTF-8 is repaired") {
  CHECK(to_csv("a\xFF,b", "1", Encoding::json) == "T,\"a\xEF\xBF\xBD,b\",1,json,1,false\n");
}
