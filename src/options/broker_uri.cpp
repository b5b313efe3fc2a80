#include "mqtt_logger/options/broker_uri.hpp"

#include "mqtt_logger/options/option_values.hpp"

#include <algorithm>

namespace mqtt_logger {
namespace {

constexpr std::string_view kSchemeEnd = "://";
constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kHexadecimalDigits = "0123456789abcdefABCDEF";
constexpr std::string_view kHostCharacters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
// No colon, after which the library would read a port.
constexpr std::string_view kPathCharacters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/?&=%+!$'()*,;";

bool consists_of(std::string_view text, std::string_view characters) noexcept {
  return !text.empty() && text.find_first_not_of(characters) == std::string_view::npos;
}

/// Whether every part of `text` between separators fulfils `is_right`.
template <typename Predicate>
bool all_parts(std::string_view text, char separator, Predicate is_right) {
  while (true) {
    const std::size_t end = text.find(separator);
    if (!is_right(text.substr(0, end))) return false;
    if (end == std::string_view::npos) return true;
    text.remove_prefix(end + 1);
  }
}

bool is_ipv4(std::string_view text) noexcept {
  return std::count(text.begin(), text.end(), '.') == 3 && all_parts(text, '.', [](std::string_view part) {
           if (!consists_of(part, kDigits) || part.size() > 3) return false;
           const bool has_leading_zero =
               part.size() > 1 && part.front() == '0';  // read as octal by some resolvers
           return !has_leading_zero && *parse_number(part) <= 255;
         });
}

/// The number of 16-bit groups in one side of an IPv6 address; nothing if one of them is malformed.
std::optional<int> count_groups(std::string_view text, bool may_end_in_ipv4) noexcept {
  if (text.empty()) return 0;
  int count = 0;
  if (const std::size_t last = text.rfind(':') + 1; may_end_in_ipv4 && is_ipv4(text.substr(last))) {
    if (last == 0) return 2;
    count = 2;
    text = text.substr(0, last - 1);
  }
  const bool is_well_formed = all_parts(text, ':', [&count](std::string_view group) {
    ++count;
    return group.size() <= 4 && consists_of(group, kHexadecimalDigits);
  });
  return is_well_formed ? std::optional{count} : std::nullopt;
}

/// RFC 4291, section 2.2, with an optional zone: fe80::1%eth0.
bool is_ipv6(std::string_view text) noexcept {
  if (const std::size_t zone = text.find('%'); zone != std::string_view::npos) {
    if (!consists_of(text.substr(zone + 1), kHostCharacters)) return false;
    text = text.substr(0, zone);
  }
  const std::size_t gap = text.find("::");
  if (gap == std::string_view::npos) return count_groups(text, true) == 8;
  const auto before = count_groups(text.substr(0, gap), false);
  const auto after = count_groups(text.substr(gap + 2), true);
  return before && after && *before + *after <= 7;
}

bool is_host_name(std::string_view text) noexcept {
  if (!consists_of(text, kHostCharacters) || text.size() > 253) return false;
  if (text.ends_with('.')) text.remove_suffix(1);
  if (consists_of(text.substr(text.rfind('.') + 1), kDigits))
    return is_ipv4(text);  // 1883 or 256.1.1.1 is no name
  return all_parts(text, '.', [](std::string_view label) {
    return !label.empty() && label.size() <= 63 && !label.starts_with('-') && !label.ends_with('-');
  });
}

std::optional<Transport> parse_scheme(std::string_view text) {
  std::string scheme{text};
  for (char& letter : scheme) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  if (scheme == "mqtt") return Transport::mqtt;
  if (scheme == "mqtts") return Transport::mqtts;
  if (scheme == "ws") return Transport::ws;
  if (scheme == "wss") return Transport::wss;
  return std::nullopt;
}

}  // namespace

std::variant<BrokerUri, std::string> parse_broker_uri(std::string_view text) {
  BrokerUri uri;
  if (const std::size_t end = text.find(kSchemeEnd); end != std::string_view::npos) {
    const auto transport = parse_scheme(text.substr(0, end));
    if (!transport) return "must begin with mqtt://, mqtts://, ws:// or wss://, or be a host alone";
    uri.transport = *transport;
    text.remove_prefix(end + kSchemeEnd.size());
  }
  if (text.find('@') != std::string_view::npos) {
    return "must not contain a user name or password, which others could see; give them with --username and "
           "--password-file";
  }
  if (const std::size_t slash = text.find('/'); is_websocket(uri.transport)) {
    uri.path = slash == std::string_view::npos ? "/mqtt" : text.substr(slash);
    if (!consists_of(uri.path, kPathCharacters))
      return "must have a path of letters, digits and -._~/?&=%+!$'()*,; only";
    text = text.substr(0, slash);
  } else if (slash != std::string_view::npos && slash + 1 == text.size()) {
    text.remove_suffix(1);
  }
  if (text.empty()) return "must name a host, such as localhost or mqtt://broker.example:1883";
  if (is_ipv6(text)) {
    uri.host = text;
    return uri;
  }

  std::string_view host = text;
  const std::size_t colon = text.rfind(':');
  const bool is_within_ipv6 = text.ends_with(']') || (!text.starts_with('[') && text.find(':') != colon);
  if (colon != std::string_view::npos && !is_within_ipv6) {
    host = text.substr(0, colon);
    uri.port = parse_port(text.substr(colon + 1));
    if (!uri.port) return "must have a port from 1 to 65535 after the colon";
  }
  const bool has_brackets = host.size() > 1 && host.front() == '[' && host.back() == ']';
  if (has_brackets) host = host.substr(1, host.size() - 2);
  if (has_brackets ? !is_ipv6(host) : !is_host_name(host)) {
    return "must be a host name, an IP address or mqtt://host:port";
  }
  uri.host = host;
  return uri;
}

std::optional<std::uint16_t> parse_port(std::string_view text) noexcept {
  const auto port = parse_number(text);
  if (!port || *port < 1 || *port > 65'535) return std::nullopt;
  return static_cast<std::uint16_t>(*port);
}

std::string hide_user_information(std::string_view text) {
  const std::size_t at = text.rfind('@');
  const std::size_t query = text.find('?');
  const std::size_t scheme_end = text.find(kSchemeEnd);
  const bool has_scheme = scheme_end < std::min({at, query, text.size()}) &&
                          consists_of(text.substr(0, scheme_end), kHostCharacters);
  const std::size_t begin = has_scheme ? scheme_end + kSchemeEnd.size() : 0;
  std::string shown{text.substr(0, begin)};
  if (at != std::string_view::npos) {
    shown += "***";  // if a ? comes before the last @, nobody knows which of them means something
    if (query > at) shown += text.substr(at, query - at);
  } else {
    shown += text.substr(begin, query - begin);
  }
  if (query != std::string_view::npos && (at == std::string_view::npos || query > at)) shown += "?***";
  return shown;
}

}  // namespace mqtt_logger
