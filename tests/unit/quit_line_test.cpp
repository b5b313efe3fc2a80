#include "platform/quit_line.hpp"

#include "support/catch.hpp"

#include <string>

using mqtt_logger::QuitLine;

namespace {

bool is_quit(const std::string& text) {
  QuitLine line;
  return line.find(text) || line.is_complete();
}

}  // namespace

TEST_CASE("QuitLine: finds a line that is q, with white space after it") {
  for (const char* text : {"q\n", "Q\n", "q\r\n", "q \t\r\n", "x\n\nq\nx\n", "\nq\n", "q", "x\nQ "}) {
    CAPTURE(text);
    CHECK(is_quit(text));
  }
}

TEST_CASE("QuitLine: does not find other lines") {
  for (const char* text : {"", "\n", "x\nqq\n", "quit\n", "q q\n", " q\n", "xq\n", "q\vx", "x q\n"}) {
    CAPTURE(text);
    CHECK_FALSE(is_quit(text));
  }
}

TEST_CASE("QuitLine: finds it wherever the text is cut, and after a line that is long") {
  std::string text(10'000, 'q');
  text += "\nQ\r\n";
  CHECK(is_quit(text));
  QuitLine line;
  for (std::size_t i = 0; i + 1 < text.size(); ++i) REQUIRE_FALSE(line.find(text.substr(i, 1)));
  CHECK(line.find("\n"));
}
