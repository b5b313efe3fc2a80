#include "mqtt_logger/format/csv.hpp"
#include "mqtt_logger/format/json.hpp"

#include "support/catch.hpp"

#include <string>
#include <string_view>
#include <vector>

using namespace mqtt_logger;

namespace {

Column column(std::string name, std::string_view pointer) {
  return {std::move(name), JsonPointer::parse(pointer)};
}

struct Written {
  std::string csv;
  std::string json;
};

/// What stands behind the fields that every record has.
Written write(const std::vector<Column>& columns, std::string_view payload) {
  FieldsMaker maker{columns, "logger 1"};
  const Fields fields = maker.make({ReceiveTime{}, "a", payload, "", QoS::at_most_once, false});
  Written written;
  append_csv(written.csv, fields);
  append_json(written.json, fields);
  written.csv.erase(0, written.csv.rfind(",0,false") + 8);
  written.json.erase(0, written.json.rfind("\"retain\":false") + 14);
  return written;
}

Written write_value(std::string_view value) {
  return write({column("c", "/v")}, R"({"v":)" + std::string{value} + "}");
}

}  // namespace

TEST_CASE("Columns: the header names them behind the fields, in their order") {
  CHECK(make_csv_header({}) == kCsvHeader);
  CHECK(make_csv_header({column("b", ""), column("a", ""), column("x,\"y\"", "")}) ==
        "timestamp,topic,payload,encoding,qos,retain,b,a,\"x,\"\"y\"\"\"\n");
}

TEST_CASE("Columns: a value is spelled as in the payload") {
  for (const std::string_view value :
       {"0", "-0", "1.50", "1E5", "0.1000000000000000055511151231257827", "true"}) {
    const Written written = write_value(value);
    CHECK(written.csv == "," + std::string{value} + "\n");
    CHECK(written.json == ",\"c\":" + std::string{value} + "}");
  }
}

TEST_CASE("Columns: strings are text in the CSV, and what has parts is JSON") {
  CHECK(write_value(R"("warm")").csv == ",warm\n");
  CHECK(write_value(R"("warm")").json == R"(,"c":"warm"})");
  CHECK(write_value(R"("a,\"b\"\n\u00e9\u0000")").csv == ",\"a,\"\"b\"\"\n\xC3\xA9\xEF\xBF\xBD\"\n");
  CHECK(write_value("[1,\r\n\"x\"]").csv == ",\"[1,\r\n\"\"x\"\"]\"\n");
  CHECK(write_value("[1,\r\n\"x\"]").json == ",\"c\":[1,  \"x\"]}");
}

TEST_CASE("Columns: where nothing is, the field is empty and the member is left out") {
  const std::vector<Column> columns{column("v", "/v"), column("w", "/w/0")};
  for (const std::string_view payload : {"", "text", "{", "{}", "7", "[1]", R"({"x":1})", "\xFF"}) {
    CHECK(write(columns, payload).csv == ",,\n");
    CHECK(write(columns, payload).json == "}");
  }
  CHECK(write(columns, R"({"v":null,"w":[2]})").csv == ",,2\n");
  CHECK(write(columns, R"({"v":null,"w":[2]})").json == R"(,"v":null,"w":2})");
  CHECK(write(columns, R"({"w":[2]})").json == R"(,"w":2})");
}

TEST_CASE("Columns: one tells which logger wrote the record, whatever the payload is") {
  for (const std::string_view payload : {"{}", "text", "\xFF"}) {
    CHECK(write({{"by", std::nullopt}}, payload).csv == ",logger 1\n");
    CHECK(write({{"by", std::nullopt}}, payload).json == R"(,"by":"logger 1"})");
  }
}

TEST_CASE("Columns: a value of one message is not that of the next") {
  FieldsMaker maker{{column("v", "/v")}, ""};
  const auto to_csv = [&maker](std::string_view payload) {
    std::string csv;
    append_csv(csv, maker.make({ReceiveTime{}, "a", payload, "", QoS::at_most_once, false}));
    return csv.substr(csv.rfind(','));
  };
  CHECK(to_csv(R"({"v":1})") == ",1\n");
  CHECK(to_csv("text") == ",\n");
  CHECK(to_csv(R"({"v":2})") == ",2\n");
}
