#include "mqtt_logger/format/decoding.hpp"

#include "mqtt_logger/base/utf8.hpp"

#include "support/catch.hpp"

#include <string>

namespace mqtt_logger {
namespace {

TEST_CASE("Base64 of every length is read back") {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    std::string text;
    append_base64(text, bytes);
    std::string decoded = "before ";
    REQUIRE(append_decoded_base64(decoded, text));
    REQUIRE(decoded == "before " + bytes);
    bytes += static_cast<char>(i * 37);
  }
}

TEST_CASE("What is not Base64 is refused") {
  for (const char* const text : {"A", "AA", "AAA", "AAAAA", "A===", "====", "AA=A", "A=AA", "AAA\n",
                                 "A A=", "AA-_", "AB==", "AAB=", "AA==AAAA"}) {
    std::string decoded;
    INFO(text);
    CHECK_FALSE(append_decoded_base64(decoded, text));
  }
}

TEST_CASE("JSON strings are read back") {
  std::string text{"plain \"quoted\" back\\slash \x01 \x1F \n\r\t € 🌡 \x7F"};
  text += '\0';
  std::string literal;
  append_json_string(literal, text);
  std::string decoded;
  REQUIRE(append_decoded_json_string(decoded, literal));
  CHECK(decoded == text);

  decoded.clear();
  REQUIRE(append_decoded_json_string(decoded, R"("\/\b\f\u00e9\u20AC\ud83c\udf21")"));
  CHECK(decoded == "/\b\fé€🌡");
}

TEST_CASE("What is no JSON string is refused") {
  for (const char* const literal :
       {"", "\"", "x", "\"a", "a\"", R"("\")", R"("\x")", R"("\u12")", R"("\u12g4")", R"("\ud800")",
        R"("\ud800x")", R"("\ud800\u0041")", R"("\udc00")", "\"a\nb\"", R"("a"b")"}) {
    std::string decoded;
    INFO(literal);
    CHECK_FALSE(append_decoded_json_string(decoded, literal));
  }
}

}  // namespace
}  // namespace mqtt_logger
