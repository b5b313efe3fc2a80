#include "mqtt_logger/format/json_validator.hpp"

#include "../support/expected_text.hpp"
#include "support/catch.hpp"

#include <string>
#include <string_view>

using namespace mqtt_logger;
using namespace std::string_literals;

namespace {

std::string repeat(std::string_view text, int count) {
  std::string result;
  for (int i = 0; i < count; ++i) result += text;
  return result;
}

void check(std::string_view text, bool is_portable) {
  CAPTURE(text);
  CHECK(is_portable_json(text) == is_portable);
  CHECK(test::expect_portable_json(text) == is_portable);  // the two oracles agree with each other too
}

}  // namespace

TEST_CASE("JSON text: every kind of value, with and without whitespace") {
  for (const std::string_view text :
       {"null", "true", "false", "0", "-0", "\"\"", "[]", "{}", " \t\r\n1 \t\r\n", "[ ]", "{ }", "[1,[],{}]",
        "{\"\":0}", " { \"a\" : [ true , null ] , \"a\" : { \"b\" : \"c\" } } ", "\"\x7F/'\xC3\xA9\""}) {
    check(text, true);
  }
}

TEST_CASE("JSON text: what is not one complete JSON text") {
  for (const std::string_view text : {"",
                                      " ",
                                      "nul",
                                      "nulll",
                                      "True",
                                      "[",
                                      "]",
                                      "[1",
                                      "[1,",
                                      "[1,]",
                                      "[,1]",
                                      "[1 2]",
                                      "[1}",
                                      "{",
                                      "{1:2}",
                                      "{\"a\"}",
                                      "{\"a\":}",
                                      "{\"a\":1,}",
                                      "{\"a\":1]",
                                      "{,}",
                                      "{\"a\" 1}",
                                      "{]",
                                      "[}",
                                      "1 2",
                                      "[]]",
                                      "{}}",
                                      "[],",
                                      ",",
                                      "'a'",
                                      "NaN",
                                      "-Infinity",
                                      "// a\n1",
                                      "[1]x",
                                      "\xEF\xBB\xBF"
                                      "1",
                                      "\v1",
                                      "\xC2\xA0"
                                      "1"}) {
    check(text, false);
  }
  check("1\0"s, false);
  check("\0"s, false);
  check("\"\0\""s, false);
}

TEST_CASE("JSON text: strings") {
  for (const std::string_view text :
       {R"("\"\\\/\b\f\n\r\t\u00e9\uFFFF")", R"("\ud83d\uDE00")", R"("\uD7FF\uE000")"}) {
    check(text, true);
  }
  for (const std::string_view text :
       {"\"", "\"a", "\"\\", "\"\\\"", "\"\n\"", "\"\x1F\"", R"("\a")", R"("\u")", R"("\u12")", R"("\u12g4")",
        R"("\U0041")", R"("\ud83d")", R"("\ude00")", R"("\ud83d\ud83d")", R"("\ud83dx")", R"("\ud83d\n")",
        R"("\ud83d\u0041")", R"("\ude00\ud83d")"}) {
    check(text, false);
  }
}

TEST_CASE("JSON text: how numbers are written") {
  for (const std::string_view text :
       {"10", "-1", "0.0", "1.50", "1e5", "1E+5", "1.5e-05", "-0.0e0", "0e999999999"}) {
    check(text, true);
  }
  for (const std::string_view text : {"01", "-01", "+1", "-", ".5", "1.", "1.e5", "1e", "1e+", "--1", "0x1",
                                      "1_0", "1,5", "1e5.5", "- 1"}) {
    check(text, false);
  }
}

TEST_CASE("JSON text: an integer must fit in 64 bits") {
  check("999999999999999999", true);
  check("9223372036854775807", true);
  check("9223372036854775808", true);
  check("18446744073709551615", true);
  check("18446744073709551616", false);
  check("-9223372036854775808", true);
  check("-9223372036854775809", false);
  check("-18446744073709551615", false);
  check("100000000000000000000", false);
  check("100000000000000000000.0", true);
  check("[1,18446744073709551616]", false);
}

TEST_CASE("JSON text: a number must be finite in a double; too small is nothing but small") {
  check("1.7976931348623157e308", true);
  check("1.7976931348623158e308", true);
  check("1.7976931348623159e308", false);
  check("-1e309", false);
  check("1e99999999999999999999", false);
  check("1e-99999999999999999999", true);
  check("4e-324", true);
}

TEST_CASE("JSON text: a number has at most 64 characters") {
  check("0." + repeat("1", 62), true);
  check("0." + repeat("1", 63), false);
  check("-0." + repeat("1", 61), true);
  check("-0." + repeat("1", 62), false);
  check("[" + repeat("1", 60) + "e+10]", true);
  check("[" + repeat("1", 61) + "e+10]", false);
}

TEST_CASE("JSON text: at most 64 levels deep") {
  check(repeat("[", 64) + repeat("]", 64), true);
  check(repeat("[", 65) + repeat("]", 65), false);
  check(repeat("{\"a\":", 64) + "1" + repeat("}", 64), true);
  check(repeat("{\"a\":", 65) + "1" + repeat("}", 65), false);
  check(repeat("[{\"a\":", 32) + "1" + repeat("}]", 32), true);
  check(repeat("[{\"a\":", 32) + "1" + repeat("]}", 32), false);
  check("{\"a\":" + repeat("[", 63) + repeat("]", 63) + ",\"b\":1}", true);
  check("[" + repeat("[[]],", 100) + "1]", true);
}
