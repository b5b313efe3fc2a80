#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mqtt_logger {

/// What a server or a proxy answers to a request, as far as it matters here.
struct HttpAnswer {
  unsigned status = 0;  ///< 101, 404 …
  std::string location = {};
  std::string sub_protocol = {};
  std::string extensions = {};
};

/// Why there is no WebSocket after this answer, in words; nothing if there is one that speaks MQTT. No
/// extension was asked for, so one that is used all the same is a reason, too (RFC 6455, section 4.1).
[[nodiscard]] std::optional<std::string> find_upgrade_fault(const HttpAnswer& answer);

/// The same of a proxy that was asked for a connection (RFC 9110, section 9.3.6).
[[nodiscard]] std::string describe_proxy_refusal(unsigned status);

/// The status of an answer's first line, "HTTP/1.1 200 OK"; nothing if it is none.
[[nodiscard]] std::optional<unsigned> parse_http_status(std::string_view answer) noexcept;

/// What the broker says with a Close frame (RFC 6455, section 7.4), in words. `code` is 0 where it says none.
[[nodiscard]] std::string describe_close(unsigned code, std::string_view reason);

/// Where a proxy is, and who we are for it.
struct ProxyAddress {
  std::string host;
  std::uint16_t port = 0;
  std::string credentials;  ///< `user:password`; empty: none

  bool operator==(const ProxyAddress&) const = default;
};

/// From `http://[user:password@]host[:port][/]`; user and password may have %XX in them.
[[nodiscard]] std::optional<ProxyAddress> parse_proxy(std::string_view url);

/// The request for a connection to `target`, `host:port`.
[[nodiscard]] std::string make_proxy_request(const ProxyAddress& proxy, std::string_view target);

}  // namespace mqtt_logger
