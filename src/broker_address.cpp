#include "mqtt_logger/broker_address.hpp"

#include <fmt/core.h>

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
  return fmt::format("{}{}{}{}:{}{}", scheme, is_ipv6 ? "[" : "", broker.host, is_ipv6 ? "]" : "",
                     broker.port, broker.path);
}

}  // namespace mqtt_logger
