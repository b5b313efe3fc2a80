#include "mqtt_logger/connection/websocket_answer.hpp"

#include "support/catch.hpp"

using namespace mqtt_logger;

TEST_CASE("A WebSocket that speaks MQTT is one, and every other answer is told") {
  CHECK_FALSE(find_upgrade_fault({101, "", "mqtt", ""}));
  const auto [answer, text] = GENERATE(table<HttpAnswer, std::string>({
      {{101, "", "", ""}, "does not say that it speaks MQTT"},
      {{101, "", "mqttv3.1", ""}, "speaks 'mqttv3.1' and not 'mqtt'"},
      {{101, "", "MQTT", ""}, "speaks 'MQTT' and not 'mqtt'"},
      {{101, "", "mqtt", "permessage-deflate"}, "that was not asked for: permessage-deflate"},
      {{301, "wss://new/mqtt", "", ""},
       "HTTP 301 (Moved Permanently): the WebSocket has moved to wss://new/mqtt"},
      {{302, "https://me:word@new/?token=secret", "", ""}, "moved to https://***"},
      {{302, "", "", ""}, "HTTP 302 (Found) instead of a WebSocket"},
      {{401, "", "", ""}, "HTTP 401 (Unauthorized): what it wants to know of us"},
      {{403, "", "", ""}, "HTTP 403 (Forbidden): what it wants to know of us"},
      {{404, "", "", ""}, "HTTP 404 (Not Found): there is no WebSocket at this path"},
      {{502, "", "", ""}, "HTTP 502 (Bad Gateway): the broker behind it cannot be reached"},
      {{299, "", "mqtt", ""}, "HTTP 299 instead of a WebSocket"},
  }));
  const auto fault = find_upgrade_fault(answer);
  REQUIRE(fault);
  CHECK(fault->find(text) != std::string::npos);
  CHECK(fault->find("secret") == std::string::npos);
  CHECK(fault->find("word") == std::string::npos);
}

TEST_CASE("What a broker says with a Close frame") {
  CHECK(describe_close(0, "") == "the broker closes the WebSocket");
  CHECK(describe_close(1001, "") == "the broker closes the WebSocket: 1001 (going away)");
  CHECK(describe_close(4711, "too many") == "the broker closes the WebSocket: 4711: too many");
  CHECK(describe_close(1008, std::string(5000, 'x')).size() < 300);
}

TEST_CASE("The status of an HTTP answer") {
  CHECK(parse_http_status("HTTP/1.1 200 OK\r\n\r\n") == 200U);
  CHECK(parse_http_status("HTTP/1.0 407\r\n") == 407U);
  for (const char* const text : {"", "HTTP/1.1", "HTTP/1.1 2", "HTTP/1.1 20x", "HTTP/2.0 200", "http/1.1 200",
                                 "HTTP/1.1  200", "HTTP/1.1 099", "SSH-2.0-OpenSSH_9.2\r\n"})
    CHECK_FALSE(parse_http_status(text));
}

TEST_CASE("A proxy has a host, a port, and perhaps a user") {
  CHECK(parse_proxy("http://proxy:3128") == ProxyAddress{"proxy", 3128, ""});
  CHECK(parse_proxy("http://proxy") == ProxyAddress{"proxy", 8080, ""});
  CHECK(parse_proxy("http://[::1]:80/") == ProxyAddress{"::1", 80, ""});
  CHECK(parse_proxy("http://me:p%40ss%25@proxy:1") == ProxyAddress{"proxy", 1, "me:p@ss%"});
  CHECK(parse_proxy("http://me:100%@proxy:1") == ProxyAddress{"proxy", 1, "me:100%"});
  for (const char* const text :
       {"", "proxy:3128", "https://proxy", "http://", "http://a b", "http://proxy:0"})
    CHECK_FALSE(parse_proxy(text));
  CHECK(make_proxy_request({"proxy", 1, ""}, "broker:443") ==
        "CONNECT broker:443 HTTP/1.1\r\nHost: broker:443\r\n\r\n");
  CHECK(make_proxy_request({"proxy", 1, "me:word"}, "[::1]:443") ==
        "CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\nProxy-Authorization: Basic bWU6d29yZA==\r\n\r\n");
}
