#include "options/config_file.hpp"

#include "support/catch.hpp"

#include <ostream>

using namespace mqtt_logger;
using namespace std::string_literals;

namespace {

std::vector<ConfigEntry> parse_file(std::string_view text) {
  const auto parsed = parse_config(text);
  if (const auto* fault = std::get_if<ConfigFault>(&parsed))
    FAIL("line " << fault->line << ": " << fault->what);
  return std::get<std::vector<ConfigEntry>>(parsed);
}

std::string parse_value(std::string_view value) {
  return parse_file("key = " + std::string{value}).at(0).values.at(0);
}

std::string find_file_fault(std::string_view text) {
  const auto parsed = parse_config(text);
  const auto* fault = std::get_if<ConfigFault>(&parsed);
  return fault == nullptr ? "none" : std::to_string(fault->line) + ": " + fault->what;
}

}  // namespace

TEST_CASE("Config files hold keys, values and comments") {
  const auto entries = parse_file(R"(# what the logger in hall 1 does
broker = "mqtt://broker.example:1884"   # with a # behind it
topic=["plant/+/#", 'alarms/#']
qos = 2

	simulate	=	true
interval = 0.5
)");
  CHECK(entries == std::vector<ConfigEntry>{{2, "broker", {"mqtt://broker.example:1884"}},
                                            {3, "topic", {"plant/+/#", "alarms/#"}},
                                            {4, "qos", {"2"}},
                                            {6, "simulate", {"true"}},
                                            {7, "interval", {"0.5"}}});
}

TEST_CASE("Config files may be empty") {
  CHECK(parse_file("").empty());
  CHECK(parse_file("\n \n# nothing").empty());
  CHECK(parse_file("\xEF\xBB\xBF").empty());
}

TEST_CASE("Config files may come from Windows") {
  CHECK(parse_file("\xEF\xBB\xBFqos = 1\r\nport = 1883\r\n") ==
        std::vector<ConfigEntry>{{1, "qos", {"1"}}, {2, "port", {"1883"}}});
}

TEST_CASE("Config arrays may have many lines, comments and a comma at the end") {
  CHECK(parse_file("topic = [ # first\n  \"a#]\", # second\n\n  'b',\n]\nqos=1") ==
        std::vector<ConfigEntry>{{1, "topic", {"a#]", "b"}}, {6, "qos", {"1"}}});
  CHECK(parse_file("topic = []") == std::vector<ConfigEntry>{{1, "topic", {}}});
}

TEST_CASE("Config strings have the escapes of TOML") {
  CHECK(parse_value(R"("")").empty());
  CHECK(parse_value(R"('C:\logs\new')") == R"(C:\logs\new)");
  CHECK(parse_value(R"("a\\b\"c\t\n\r\b\f")") == "a\\b\"c\t\n\r\b\f");
  CHECK(parse_value(R"("\u0041\u00fC\u20AC\U0001D11E\u0000")") == "Aü€𝄞\0"s);
}

TEST_CASE("Config numbers and booleans are values as they are spelled") {
  const std::string text = GENERATE(as<std::string>{}, "0", "-1", "+7", "007", "1.50", "true", "false");
  CHECK(parse_value(text) == text);
}

TEST_CASE("Config files with a fault are told the line and what would be right") {
  const auto [text, fault] = GENERATE(table<std::string, std::string>({
      {"qos", "1: must be KEY = VALUE, such as qos = 1"},
      {"\nqos 1", "2: must be KEY = VALUE, such as qos = 1"},
      {"= 1", "1: must be KEY = VALUE, such as qos = 1"},
      {"'qos' = 1", "1: must be KEY = VALUE, such as qos = 1"},
      {"a.b = 1", "1: must be KEY = VALUE, such as qos = 1"},
      {"[mqtt]", "1: [: must be KEY = VALUE; there are no sections"},
      {"qos =", "1: qos: must have a value after the = sign"},
      {"qos = # 1", "1: qos: must have a value after the = sign"},
      {"qos =\n1", "1: qos: must have a value after the = sign"},
      {"format = csv", "1: format: must have its value in quotes"},
      {"interval = 5m", "1: interval: must have its value in quotes"},
      {"mqtt-version = 3.1.1", "1: mqtt-version: must have its value in quotes"},
      {"seed = 0x10", "1: seed: must have its value in quotes"},
      {"seed = nan", "1: seed: must have its value in quotes"},
      {"seed = -", "1: seed: must have its value in quotes"},
      {"interval = 5.", "1: interval: must have its value in quotes"},
      {"output = \"x", "1: output: must have a quote at the end of its value"},
      {"output = \"x\n\"", "1: output: must have a quote at the end of its value"},
      {"output = \"x\\", "1: output: must have \\\\ for a backslash, or '…' around its value"},
      {"output = 'x\n'", "1: output: must have a quote at the end of its value"},
      {"output = 'x", "1: output: must have a quote at the end of its value"},
      {"output = \"\"\"x\"\"\"", "1: output: must be a string in one line"},
      {"output = '''x'''", "1: output: must be a string in one line"},
      {R"(output = "C:\logs")", "1: output: must have \\\\ for a backslash, or '…' around its value"},
      {R"(output = "\u12")", "1: output: must have hexadecimal digits after \\u"},
      {R"(output = "\uD800")", "1: output: must have a Unicode character after \\u"},
      {R"(output = "\U00110000")", "1: output: must have a Unicode character after \\u"},
      {"output = \"\\u12", "1: output: must have a Unicode character after \\u"},
      {"qos = 1 2", "1: qos: must be one value, then the end of the line"},
      {"topic = \"a\", \"b\"", "1: topic: must be one value, then the end of the line"},
      {"topic = [\"a\" \"b\"]", "1: topic: must have a comma between its values and ] at its end"},
      {"topic = [\"a\",\n\"b\"", "2: topic: must have a comma between its values and ] at its end"},
      {"topic = [\"a\",\n", "2: topic: must have a value after the = sign"},
      {"topic = [,]", "1: topic: must have a value after the = sign"},
      {"topic = [[\"a\"]]", "1: topic: must not be an array within an array"},
      {"topic = {a = 1}", "1: topic: must have its value in quotes"},
      {"qos = 1\n\nqos = 2", "3: qos: is set twice, first in line 1"},
      {"qos = 1\nx = \"\x01\"", "2: must not contain control characters"},
      {"qos = 1\rport = 2", "1: must not contain control characters"},
      {"a\0b"s, "1: must not contain control characters"},
      {"qos = \"\xFF\"", "1: the file must be UTF-8"},
  }));
  CAPTURE(text);
  CHECK(find_file_fault(text) == fault);
}

TEST_CASE("Config files cut off anywhere are read or told what would be right") {
  const std::string text = "# c\nbroker = \"h\\u0041\"\ntopic = [ 'a/#', \"b\" ] # d\nqos = -1.5\n";
  for (std::size_t size = 0; size <= text.size(); ++size) {
    CAPTURE(size);
    CHECK_NOTHROW(parse_config(std::string_view{text}.substr(0, size)));
  }
  CHECK(find_file_fault(text) == "none");
}
