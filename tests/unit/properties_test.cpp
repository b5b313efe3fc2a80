#include "format/properties.hpp"

#include "support/catch.hpp"

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>

using namespace mqtt_logger;
using namespace std::string_literals;

namespace {

/// The JSON object, or "" if nothing was written.
std::string to_json(std::string_view properties) {
  std::string out = "before";
  const bool is_written = append_properties(out, properties);
  CHECK(out.starts_with("before"));
  CHECK(is_written == (out.size() > 6));
  return out.substr(6);
}

const std::string kContentType = "\x03\x00\x0Atext/plain"s;
const std::string kResponseTopic = "\x08\x00\x03"s + "a/b";
const std::string kCorrelationData = "\x09\x00\x03\x00\xFF\x01"s;
const std::string kUserProperty = "\x26\x00\x04name\x00\x05value"s;

}  // namespace

TEST_CASE("Properties: all of them, in the documented order whatever the order on the wire") {
  const std::string all = kUserProperty + kCorrelationData + kResponseTopic + kContentType +
                          "\x02\xFF\xFF\xFF\xFE\x01\x01"s + "\x26\x00\x00\x00\x00"s + kUserProperty;
  CHECK(to_json(all) ==
        R"({"payload_format_indicator":1,"message_expiry_interval":4294967294,"content_type":"text/plain",)"
        R"("response_topic":"a/b","correlation_data":"AP8B",)"
        R"("user_properties":[["name","value"],["",""],["name","value"]]})");
}

TEST_CASE("Properties: each one alone") {
  CHECK(to_json("\x01\x00"s) == R"({"payload_format_indicator":0})");
  CHECK(to_json("\x02\x00\x00\x00\x3C"s) == R"({"message_expiry_interval":60})");
  CHECK(to_json(kContentType) == R"({"content_type":"text/plain"})");
  CHECK(to_json(kResponseTopic) == R"({"response_topic":"a/b"})");
  CHECK(to_json("\x09\x00\x00"s) == R"({"correlation_data":""})");
  CHECK(to_json(kUserProperty) == R"({"user_properties":[["name","value"]]})");
}

TEST_CASE("Properties: topic alias and subscription identifiers are left out") {
  const std::string of_the_connection = "\x23\x00\x07\x0B\x01\x0B\xFF\xFF\xFF\x7F"s;
  CHECK(to_json(of_the_connection).empty());
  CHECK(to_json(of_the_connection + "\x01\x01") == R"({"payload_format_indicator":1})");
  CHECK(to_json("").empty());
}

TEST_CASE("Properties: text is escaped and repaired") {
  CHECK(to_json("\x26\x00\x02\"\n\x00\x02\xFF\x00"s) ==
        "{\"user_properties\":[[\"\\\"\\n\",\"\xEF\xBF\xBD\\u0000\"]]}");
}

TEST_CASE("Properties: cut anywhere but between two, they are malformed") {
  const std::string all =
      "\x01\x01\x02\x01\x02\x03\x04"s + kContentType + kCorrelationData + kUserProperty + "\x0B\x80\x01";
  const std::size_t ends[] = {0, 2, 7, 20, 26, 40, all.size()};
  for (std::size_t size = 0; size <= all.size(); ++size) {
    CAPTURE(size);
    const bool is_between = std::find(std::begin(ends), std::end(ends), size) != std::end(ends);
    CHECK(to_json(all.substr(0, size)).empty() == (!is_between || size == 0));
  }
}

TEST_CASE("Properties: unknown ones, those of other packets and wrong repeats are malformed") {
  for (const std::string& wrong :
       {"\x00"s, "\x7F\x01"s, "\x11\x00\x00\x00\x01"s, "\x81\x00\x01"s, "\x0B\x80\x80\x80\x80\x01"s}) {
    CHECK(to_json(wrong).empty());
    CHECK(to_json(kContentType + wrong).empty());
  }
  for (const std::string& once :
       {"\x01\x01"s, "\x02\x00\x00\x00\x3C"s, kContentType, kResponseTopic, kCorrelationData}) {
    CHECK_FALSE(to_json(once).empty());
    CHECK(to_json(once + once).empty());
  }
}
