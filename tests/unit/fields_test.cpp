#include "mqtt_logger/format/fields.hpp"

#include "support/catch.hpp"

#include <string>

using namespace mqtt_logger;
using namespace std::string_literals;

TEST_CASE("Encoding: base64 for what is not UTF-8 or holds a NUL, else json if it is JSON, else text") {
  CHECK(find_encoding("23.7") == Encoding::json);
  CHECK(find_encoding(" {\"a\" : [1,\r\n2]} ") == Encoding::json);
  CHECK(find_encoding("window open") == Encoding::text);
  CHECK(find_encoding("") == Encoding::text);
  CHECK(find_encoding(" ") == Encoding::text);
  CHECK(find_encoding("{\"a\":1} {\"a\":2}") == Encoding::text);
  CHECK(find_encoding("NaN") == Encoding::text);
  CHECK(find_encoding("1\0"s) == Encoding::base64);
  CHECK(find_encoding("\"\xFF\"") == Encoding::base64);
  CHECK(find_encoding("\"\xED\xA0\x80\"") == Encoding::base64);
}

TEST_CASE("Encoding: the names are those of the contract") {
  CHECK(to_string(Encoding::json) == "json");
  CHECK(to_string(Encoding::text) == "text");
  CHECK(to_string(Encoding::base64) == "base64");
}

TEST_CASE("Fields: everything of the message is taken over") {
  TimestampFormatter timestamps;
  const Fields fields =
      make_fields({ReceiveTime{}, "a/b", "true", "\x01\x01", QoS::exactly_once, true}, timestamps);
  CHECK(fields.timestamp == "1970-01-01T00:00:00.000000Z");
  CHECK(fields.topic == "a/b");
  CHECK(fields.payload == "true");
  CHECK(fields.properties == "\x01\x01");
  CHECK(fields.encoding == Encoding::json);
  CHECK(fields.qos == QoS::exactly_once);
  CHECK(fields.is_retained);
}
