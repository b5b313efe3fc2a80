#include "mqtt_logger/format/pieces.hpp"

#include "mqtt_logger/format/columns.hpp"
#include "mqtt_logger/format/csv.hpp"
#include "mqtt_logger/format/json.hpp"

#include "support/catch.hpp"
#include "support/test_journal.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

using namespace mqtt_logger;
using namespace mqtt_logger::test;

namespace {

constexpr std::size_t kLength = 3 * Pieces::kPieceBytes + 1001;
// A step of a payload whose every byte becomes six, and what was left in the text before.
constexpr std::size_t kLongestPiece = Pieces::kPieceBytes + 6 * Pieces::kStepBytes + 4096;

std::string repeat(std::string_view unit, std::size_t length = kLength) {
  std::string text;
  while (text.size() < length) text += unit;
  return text;
}

std::string in_quotes(const std::string& text) {
  return '"' + text + '"';
}

using Append = void (*)(std::string& out, const Fields& fields, const Pieces& pieces);

/// Whether piece by piece the same text comes about, and never much of it at once.
void check_pieces(Append append, const Fields& fields) {
  std::string whole;
  append(whole, fields, {});
  std::string joined;
  std::size_t longest = 0;
  const auto take = [&](std::string_view piece) {
    joined += piece;
    longest = std::max(longest, piece.size());
  };
  std::string text;
  append(text, fields, Pieces{take});
  CHECK(longest > 0);
  longest = std::max(longest, text.size());
  joined += text;
  CHECK(longest <= kLongestPiece);
  CHECK((joined == whole));  // without printing megabytes
}

}  // namespace

TEST_CASE("A long record is encoded piece by piece as it is at once, whatever its payload") {
  const std::vector<std::string> payloads{
      repeat("\x01"),
      repeat("plain text, quoted \" and broken\nin \\ two "),
      repeat("plain text"),
      repeat("äöü€𝄞"),
      repeat(std::string_view{"\xFF\0binary", 8}),
      "[" + repeat("1,\n 2,\r\n") + "3]",
      in_quotes(repeat("\\u0001\\n")),
  };
  for (const std::string& payload : payloads) {
    INFO(payload.substr(0, 20));
    TimestampFormatter timestamps;
    const Fields fields = make_fields(make_message("a/b", payload), timestamps);
    check_pieces(append_csv, fields);
    check_pieces(append_json, fields);
  }
}

TEST_CASE("Long columns are encoded piece by piece, and no character is cut in two") {
  const std::vector<std::string> values{
      repeat("plain"),
      repeat("x\\\\\\\"\\/\\n"),
      repeat("\\u00e4\\u20AC"),
      repeat("\\uD834\\uDD1E"),
      repeat("x\\ud834\\udd1e"),
      repeat("\\u0000,"),
      repeat("ä\xF0\x9D\x84\x9E"),
  };
  for (const std::string& value : values) {
    for (const std::string& json : {in_quotes(value), "[\n" + in_quotes(value) + ",1]"}) {
      INFO(json.substr(0, 20));
      const std::string payload = R"({"x":)" + json + "}";
      FieldsMaker maker{{{"x", JsonPointer::parse("/x")}}, "client"};
      const Fields fields = maker.make(make_message("a/b", payload));
      REQUIRE(fields.encoding == Encoding::json);
      REQUIRE(fields.columns.front().json.size() > kLength);
      check_pieces(append_csv, fields);
      check_pieces(append_json, fields);

      std::string column;
      append_column_text(column, json);
      for (const std::size_t bytes : {std::size_t{1000}, std::size_t{4097}, Pieces::kStepBytes}) {
        std::string joined;
        for_each_part_of_column(json, bytes, [&joined](std::string_view part) { joined += part; });
        CHECK((joined == column));
      }
    }
  }
}

TEST_CASE("Many properties are encoded piece by piece") {
  std::string properties;
  for (int i = 0; i < 200; ++i) {
    properties += std::string{"\x26\0\x04name\x20\0", 9};
    properties += std::string(0x2000, '\x02');
  }
  TimestampFormatter timestamps;
  MessageView message = make_message("a/b", "1");
  message.properties = properties;
  check_pieces(append_json, make_fields(message, timestamps));
}

TEST_CASE("A record of usual size stays whole in its text") {
  TimestampFormatter timestamps;
  const std::string payload(10'000, '\x01');
  const Fields fields = make_fields(make_message("a/b", payload), timestamps);
  std::string text;
  append_json(text, fields, Pieces{[](std::string_view) { FAIL("handed on"); }});
  CHECK(text.size() > 6 * payload.size());
}
