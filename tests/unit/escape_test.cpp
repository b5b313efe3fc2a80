#include "mqtt_logger/escape.hpp"

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

TEST_CASE("Escape shows the high bytes of what is not UTF-8") {
  CHECK(escape("ü\xFF") == "\\xC3\\xBC\\xFF");
  CHECK(escape("a\xC2") == "a\\xC2");
}
