#include "options/websocket_header.hpp"

#include "support/catch.hpp"

using namespace mqtt_logger;

namespace {

std::string fault_of(const std::string& text) {
  const auto parsed = parse_websocket_header(text);
  const auto* const fault = std::get_if<std::string>(&parsed);
  return fault == nullptr ? "" : *fault;
}

}  // namespace

TEST_CASE("A header is a name and a value without the space around it") {
  const auto [text, name, value] = GENERATE(table<std::string, std::string, std::string>({
      {"Authorization: Bearer a.b", "Authorization", "Bearer a.b"},
      {"X-A:b", "X-A", "b"},
      {"X-A: \t b: c \t", "X-A", "b: c"},
      {"x!#$%&'*+-.^_`|~9: \xC3\xA4", "x!#$%&'*+-.^_`|~9", "\xC3\xA4"},
  }));
  const auto parsed = parse_websocket_header(text);
  REQUIRE(std::holds_alternative<WebSocketHeader>(parsed));
  CHECK(std::get<WebSocketHeader>(parsed) == WebSocketHeader{name, value});
}

TEST_CASE("A header that is none, or that would begin another one, is refused without its value") {
  for (const std::string text :
       {"", ":", "secret", ": secret", "a b: secret", "X-\xC3\xA4: secret", "X\r\nY: secret"})
    CHECK(fault_of(text) == "must be NAME: VALUE, such as Authorization: Bearer TOKEN");
  for (const std::string text : {"X: secret\r\nY: z", "X: secret\n", "X: a\rb", "X: \x7F", "X:", "X:  "})
    CHECK(fault_of(text) ==
          "must have a value of 1 to 16,384 bytes without line breaks and control characters");
  CHECK_FALSE(fault_of(std::string{"X: a\0b", 6}).empty());
  CHECK_FALSE(fault_of("X: " + std::string(16'385, 'x')).empty());
  for (const std::string text :
       {"Sec-WebSocket-Protocol: secret", "sec-websocket-key: secret", "Upgrade: secret", "HOST: secret",
        "Connection: secret", "Content-Length: 1", "Transfer-Encoding: chunked"})
    CHECK(fault_of(text) == "must not have a name that the WebSocket itself sets");
}
