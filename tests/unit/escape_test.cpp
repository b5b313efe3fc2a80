#include "mqtt_logger/base/escape.hpp"

#include "support/catch.hpp"

using namespace mqtt_logger;
using namespace std::string_view_literals;

namespace {

std::string escape(std::string_view text) {
  std::string out;
  append_escaped(out, text);
  return out;
}

}  // namespace

TEST_CASE("Escape leaves ordinary text as it is") {
  CHECK(escape("") == "");
  CHECK(escape("C:\\logs {} ü€𝄞 \x7E") == "C:\\logs {} ü€𝄞 \x7E");
  CHECK(escape("\u00A0") == "\u00A0");
}

TEST_CASE("Escape shows control characters as hexadecimal") {
  CHECK(escape("a\nb\r\t\0c"sv) == "a\\x0Ab\\x0D\\x09\\x00c");
  CHECK(escape("\x1B[31m\x7F") == "\\x1B[31m\\x7F");
  CHECK(escape("\u0080\u009Bü\u009F") == "\\xC2\\x80\\xC2\\x9Bü\\xC2\\x9F");
}

TEST_CASE("What others choose is cut after 200 characters, and between two of them") {
  CHECK(shortened(std::string(200, 'x')) == std::string(200, 'x'));
  CHECK(shortened(std::string(201, 'x')) == std::string(200, 'x') + "…");
  std::string text;
  for (int i = 0; i < 200; ++i) text += "€";
  CHECK(shortened(text) == text);
  CHECK(shortened(text + "x") == text + "…");
  CHECK(shortened(std::string(100'000, '\x80')).size() < 1100);
  CHECK(cut_at_character("a€b", 3) == "a");
  CHECK(cut_at_character("a€b", 4) == "a€");
  CHECK(cut_at_character("a€b", 5) == "a€b");
  CHECK(cut_at_character("\x80\x80\x80\x80\x80\x80", 5).size() == 5);
}

TEST_CASE("Escape shows the high bytes of what is not UTF-8") {
  CHECK(escape("ü\xFF") == "\\xC3\\xBC\\xFF");
  CHECK(escape("a\xC2") == "a\\xC2");
}
