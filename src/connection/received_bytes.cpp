#include "mqtt_logger/connection/received_bytes.hpp"

#include "mqtt_logger/platform/network.hpp"

#include <algorithm>

namespace mqtt_logger {

void ReceivedBytes::begin(std::uint16_t port) {
  port_ = port;
  ours_.clear();
  others_.clear();
  for (const OpenConnection& connection : connections_to(port)) others_.push_back(connection.local_port);
}

void ReceivedBytes::settle() {
  for (const OpenConnection& connection : connections_to(port_)) {
    if (std::ranges::count(others_, connection.local_port) == 0) ours_.push_back(connection.local_port);
  }
}

std::optional<std::uint64_t> ReceivedBytes::count() const {
  std::optional<std::uint64_t> sum;
  for (const OpenConnection& connection : connections_to(port_)) {
    if (std::ranges::count(ours_, connection.local_port) != 0)
      sum = sum.value_or(0) + connection.received_bytes;
  }
  return sum;
}

}  // namespace mqtt_logger
