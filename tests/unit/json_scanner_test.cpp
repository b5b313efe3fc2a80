#include "mqtt_logger/format/json_scanner.hpp"

#include "support/catch.hpp"

#include <string>

namespace mqtt_logger {
namespace {

std::optional<std::string_view> find(std::string_view pointer, std::string_view text) {
  const auto parsed = JsonPointer::parse(pointer);
  REQUIRE(parsed);
  return parsed->find_in(text);
}

TEST_CASE("A JSON pointer finds members and elements") {
  constexpr std::string_view kText =
      R"( {"a" : {"b":[10, {"c":"x,}]\""} ,30]}, "":1, "m~n":2, "x/y":3, "\u00e9":4, "seq":17 } )";
  CHECK(find("/a/b/0", kText) == "10");
  CHECK(find("/a/b/1/c", kText) == R"("x,}]\"")");
  CHECK(find("/a/b/2", kText) == "30");
  CHECK(find("/", kText) == "1");
  CHECK(find("/m~0n", kText) == "2");
  CHECK(find("/x~1y", kText) == "3");
  CHECK(find("/é", kText) == "4");
  CHECK(find("/seq", kText) == "17");
  CHECK(find("/a", kText) == R"({"b":[10, {"c":"x,}]\""} ,30]})");
  CHECK(find("", " 21.5 ") == "21.5");
  CHECK(find("/a", R"({"a":1,"b":2,"a":3})") == "3");
}

TEST_CASE("A JSON pointer to nothing finds nothing") {
  CHECK_FALSE(find("/b", R"({"a":1})"));
  CHECK_FALSE(find("/a/b", R"({"a":1})"));
  CHECK_FALSE(find("/2", "[1,2]"));
  CHECK_FALSE(find("/01", "[1,2]"));
  CHECK_FALSE(find("/-", "[1,2]"));
  CHECK_FALSE(find("/0", "[]"));
  CHECK_FALSE(find("/a", "1"));
  CHECK_FALSE(find("", ""));
}

TEST_CASE("What is no JSON pointer is refused") {
  for (const char* const text : {"a", "a/b", "/~", "/~2", " /a"}) CHECK_FALSE(JsonPointer::parse(text));
}

TEST_CASE("Broken JSON is never read beyond its end") {
  constexpr std::string_view kText = R"({"a":{"b":["x\"",{"c":null}],"d":"\u12"},"e":true})";
  for (std::size_t size = 0; size < kText.size(); ++size) {
    const std::string cut{kText.substr(0, size)};
    JsonMembers members{cut};
    while (members.next()) {
    }
    CHECK_FALSE(members.is_whole());
    CHECK_FALSE(find("/e/x", cut));
  }
  JsonMembers members{kText};
  CHECK(members.next());
  CHECK(members.next());
  CHECK(members.value() == "true");
  CHECK_FALSE(members.next());
  CHECK(members.is_whole());
  CHECK(members.rest().empty());
}

}  // namespace
}  // namespace mqtt_logger
