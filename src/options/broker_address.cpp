#include "mqtt_logger/options/broker_address.hpp"

#include <fmt/core.h>

#include <cstddef>

namespace mqtt_logger {

std::string to_string(const BrokerAddress& broker) {
  const char* scheme = "";
  switch (broker.transport) {
    case Transport::mqtt:
      break;
    case Transport::mqtts:
      scheme = "mqtts://";
      break;
    case Transport::ws:
      scheme = "ws://";
      break;
    case Transport::wss:
      scheme = "wss://";
      break;
  }
  const bool is_ipv6 = broker.host.find(':') != std::string::npos;
  const std::size_t query = broker.path.find('?');
  return fmt::format("{}{}{}{}:{}{}{}", scheme, is_ipv6 ? "[" : "", broker.host, is_ipv6 ? "]" : "",
                     broker.port, broker.path.substr(0, query), query == std::string::npos ? "" : "?***");
}

}  // namespace mqtt_logger
