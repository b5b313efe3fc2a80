#include "mqtt_logger/connection/websocket_answer.hpp"

#include "mqtt_logger/base/escape.hpp"
#include "mqtt_logger/options/broker_uri.hpp"

#include <fmt/core.h>
#include <openssl/evp.h>

#include <charconv>

namespace mqtt_logger {
namespace {

/// RFC 9110, section 15: those that brokers and what stands before them answer.
std::string_view phrase_of(unsigned status) noexcept {
  switch (status) {
    case 200:
      return " (OK)";
    case 301:
      return " (Moved Permanently)";
    case 302:
      return " (Found)";
    case 303:
      return " (See Other)";
    case 307:
      return " (Temporary Redirect)";
    case 308:
      return " (Permanent Redirect)";
    case 400:
      return " (Bad Request)";
    case 401:
      return " (Unauthorized)";
    case 403:
      return " (Forbidden)";
    case 404:
      return " (Not Found)";
    case 405:
      return " (Method Not Allowed)";
    case 407:
      return " (Proxy Authentication Required)";
    case 410:
      return " (Gone)";
    case 426:
      return " (Upgrade Required)";
    case 429:
      return " (Too Many Requests)";
    case 500:
      return " (Internal Server Error)";
    case 502:
      return " (Bad Gateway)";
    case 503:
      return " (Service Unavailable)";
    case 504:
      return " (Gateway Timeout)";
    default:
      return "";
  }
}

std::string describe_status(const HttpAnswer& answer) {
  const std::string text = fmt::format("it answers HTTP {}{}", answer.status, phrase_of(answer.status));
  if (answer.status >= 300 && answer.status < 400 && !answer.location.empty()) {
    return fmt::format("{}: the WebSocket has moved to {}; give that with --broker", text,
                       shortened(hide_user_information(answer.location)));
  }
  switch (answer.status) {
    case 401:
    case 403:
      return text + ": what it wants to know of us may have to be given with --ws-header";
    case 404:
    case 410:
      return text + ": there is no WebSocket at this path";
    case 502:
    case 503:
    case 504:
      return text + ": the broker behind it cannot be reached";
    default:
      return text + " instead of a WebSocket";
  }
}

std::string_view name_of_close(unsigned code) noexcept {
  switch (code) {
    case 1000:
      return " (normal closure)";
    case 1001:
      return " (going away)";
    case 1002:
      return " (protocol error)";
    case 1003:
      return " (unsupported data)";
    case 1007:
      return " (invalid payload)";
    case 1008:
      return " (policy violation)";
    case 1009:
      return " (message too big)";
    case 1010:
      return " (extension expected)";
    case 1011:
      return " (internal error)";
    case 1012:
      return " (service restart)";
    case 1013:
      return " (try again later)";
    default:
      return "";
  }
}

std::string to_base64(std::string_view text) {
  std::string encoded(4 * ((text.size() + 2) / 3) + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()),
                      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  encoded.resize(static_cast<std::size_t>(size));
  return encoded;
}

std::string decode_percent(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned byte = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(&text[i + 1], &text[i] + 3, byte, 16).ptr == &text[i] + 3) {
      decoded += static_cast<char>(byte);
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

}  // namespace

std::optional<std::string> find_upgrade_fault(const HttpAnswer& answer) {
  if (answer.status != 101) return describe_status(answer);
  if (answer.sub_protocol.empty())
    return "its WebSocket does not say that it speaks MQTT (no Sec-WebSocket-Protocol); is the path right?";
  if (answer.sub_protocol != "mqtt") {
    return fmt::format("its WebSocket speaks '{}' and not 'mqtt'; is the path right?",
                       shortened(answer.sub_protocol));
  }
  if (!answer.extensions.empty()) {
    return fmt::format("its WebSocket uses an extension that was not asked for: {}",
                       shortened(answer.extensions));
  }
  return std::nullopt;
}

std::string describe_proxy_refusal(unsigned status) {
  return fmt::format("the proxy answers HTTP {}{} instead of a connection{}", status, phrase_of(status),
                     status == 407 ? "; user and password are given as http://USER:PASSWORD@HOST:PORT" : "");
}

std::optional<unsigned> parse_http_status(std::string_view answer) noexcept {
  constexpr std::string_view kBegin = "HTTP/1.";
  constexpr std::size_t kStatus = 9;
  if (!answer.starts_with(kBegin) || answer.size() < kStatus + 3 || answer[kStatus - 1] != ' ')
    return std::nullopt;
  unsigned status = 0;
  const char* const end = answer.data() + kStatus + 3;
  if (std::from_chars(answer.data() + kStatus, end, status).ptr != end || status < 100) return std::nullopt;
  return status;
}

std::string describe_close(unsigned code, std::string_view reason) {
  std::string text = "the broker closes the WebSocket";
  if (code != 0) text += fmt::format(": {}{}", code, name_of_close(code));
  if (!reason.empty()) text += fmt::format(": {}", shortened(reason));
  return text;
}

std::optional<ProxyAddress> parse_proxy(std::string_view url) {
  constexpr std::string_view kScheme = "http://";
  constexpr std::uint16_t kPort = 8080;
  if (!url.starts_with(kScheme)) return std::nullopt;
  url.remove_prefix(kScheme.size());
  ProxyAddress proxy;
  if (const std::size_t at = url.rfind('@'); at != std::string_view::npos) {
    proxy.credentials = decode_percent(url.substr(0, at));
    url.remove_prefix(at + 1);
  }
  url = url.substr(0, url.find('/'));
  const auto parsed = parse_broker_uri(url);
  if (const auto* uri = std::get_if<BrokerUri>(&parsed)) {
    proxy.host = uri->host;
    proxy.port = uri->port.value_or(kPort);
    return proxy;
  }
  return std::nullopt;
}

std::string make_proxy_request(const ProxyAddress& proxy, std::string_view target) {
  std::string request = fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n", target);
  if (!proxy.credentials.empty())
    request += fmt::format("Proxy-Authorization: Basic {}\r\n", to_base64(proxy.credentials));
  return request + "\r\n";
}

}  // namespace mqtt_logger
