#include "mqtt_logger/base/utf8.hpp"

#include "support/catch.hpp"

#include <string>
#include <string_view>

using namespace mqtt_logger;
using namespace std::string_literals;

namespace {

std::string to_json_string(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string to_base64(std::string_view bytes) {
  std::string out;
  append_base64(out, bytes);
  return out;
}

std::string repair(std::string_view bytes) {
  std::string out;
  append_as_valid_utf8(out, bytes);
  return out;
}

const std::string kReplacement = "\xEF\xBF\xBD";

}  // namespace

TEST_CASE("UTF-8: the first and last sequence of each length are valid") {
  for (const std::string_view text :
       {"\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80", "\xEF\xBF\xBF",
        "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    CAPTURE(text);
    CHECK(is_valid_utf8(text));
    CHECK(is_valid_utf8("1234567" + std::string{text} + "12345678"));
  }
  CHECK(is_valid_utf8(""));
  CHECK(is_valid_utf8("\0"s));
}

TEST_CASE("UTF-8: overlong forms, surrogates, what is too large and what is cut are wrong") {
  for (const std::string_view bytes :
       {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2\x41", "\xE0\x9F\xBF", "\xE1\x80",
        "\xED\xA0\x80", "\xED\xBF\xBF", "\xF0\x8F\xBF\xBF", "\xF1\x80\x80", "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80", "\xFF"}) {
    CAPTURE(bytes);
    CHECK_FALSE(is_valid_utf8(bytes));
    CHECK_FALSE(is_valid_utf8("12345678" + std::string{bytes}));
    CHECK_FALSE(is_valid_utf8(std::string{bytes} + "12345678"));
  }
}

TEST_CASE("UTF-8: each maximal wrong sequence becomes one U+FFFD") {
  CHECK(repair("right") == "right");
  CHECK(repair("a\xE2\x82z") == "a" + kReplacement + "z");
  CHECK(repair("\xF0\x9F\x98") == kReplacement);
  CHECK(repair("\xED\xA0\x80") == kReplacement + kReplacement + kReplacement);
  // The example of the Unicode standard, table 3-11.
  CHECK(repair("\x61\xF1\x80\x80\xE1\x80\xC2\x62\x80\x63\x80\xBF\x64") ==
        "a" + kReplacement + kReplacement + kReplacement + "b" + kReplacement + "c" + kReplacement +
            kReplacement + "d");
}

TEST_CASE("UTF-8: only what is wrong is copied") {
  std::string storage;
  const std::string_view right = "sensors/küche";
  CHECK(as_valid_utf8(right, storage).data() == right.data());
  CHECK(as_valid_utf8("a\xFF", storage) == "a" + kReplacement);
  CHECK(as_valid_utf8("\xFF", storage) == kReplacement);
}

TEST_CASE("Base64: the test vectors of RFC 4648") {
  CHECK(to_base64("").empty());
  CHECK(to_base64("f") == "Zg==");
  CHECK(to_base64("fo") == "Zm8=");
  CHECK(to_base64("foo") == "Zm9v");
  CHECK(to_base64("foob") == "Zm9vYg==");
  CHECK(to_base64("fooba") == "Zm9vYmE=");
  CHECK(to_base64("foobar") == "Zm9vYmFy");
  CHECK(to_base64("\xFB\xEF\xFF\x00"s) == "++//AA==");
}

TEST_CASE("JSON string: quotation marks, backslashes and control characters are escaped, nothing else") {
  CHECK(to_json_string("") == R"("")");
  CHECK(to_json_string("a\"b\\c/d") == R"("a\"b\\c/d")");
  CHECK(to_json_string("\b\f\n\r\t") == R"("\b\f\n\r\t")");
  CHECK(to_json_string("\x00\x01\x1F"s) == R"("\u0000\u0001\u001f")");
  CHECK(to_json_string("\x7F é 😀") == "\"\x7F é 😀\"");
}

TEST_CASE("JSON string: the first special byte is found wherever it stands") {
  for (std::size_t size = 0; size < 20; ++size) {
    for (std::size_t position = 0; position <= size; ++position) {
      for (const char special : {'"', '\\', '\n', '\0', '\x1F'}) {
        // All bytes after it are special too, or nearly so: they must not be taken for the first.
        std::string text(size, ' ');
        for (std::size_t i = position; i < size; ++i)
          text[i] = i == position ? special : "!#[]\"\xA2\x80\x20"[i % 8];
        CAPTURE(size, position);
        CHECK(find_json_special(text, 0) == position);
        CHECK(find_json_special(text, position) == position);
      }
    }
  }
}
