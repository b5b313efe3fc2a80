#pragma once

#include "mqtt_logger/options/broker_address.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace mqtt_logger {

/// A broker as a user writes it.
struct BrokerUri {
  std::string host;  ///< IPv6 without brackets
  std::optional<std::uint16_t> port;
  Transport transport = Transport::mqtt;
  std::string path = {};  ///< of a WebSocket, from the first slash on

  bool operator==(const BrokerUri&) const = default;
};

/// `host`, `host:port`, an IPv4 address, an IPv6 address (with brackets or, without a port, bare), or any of
/// these after `mqtt://`, `mqtts://`, `ws://` or `wss://`; the last two also with a path, which is `/mqtt` by
/// custom. If it is none of them: what would be right, as the end of a sentence.
[[nodiscard]] std::variant<BrokerUri, std::string> parse_broker_uri(std::string_view text);

/// A port, 1 to 65535.
[[nodiscard]] std::optional<std::uint16_t> parse_port(std::string_view text) noexcept;

/// `text` with `***` in place of a user name and password before an @ and of a query behind a ?, which may be
/// a token, so that no error message shows them.
[[nodiscard]] std::string hide_user_information(std::string_view text);

}  // namespace mqtt_logger
