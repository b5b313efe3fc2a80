#include "mqtt_logger/connection/brokers.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace mqtt_logger {

Brokers::Brokers(const Options& options, const std::string& client_id) {
  for (const BrokerAddress& address : options.brokers) {
    brokers_.push_back({address, VersionChoice{options.mqtt_version},
                        fmt::format("{} at {}:{}", client_id, address.host, address.port)});
  }
}

bool Brokers::advance() noexcept {
  if (!has_next()) return false;
  ++current_;
  return true;
}

bool Brokers::begin_round() noexcept {
  return std::exchange(current_, 0) != 0;
}

bool Brokers::are_all_refusing() const noexcept {
  return std::ranges::all_of(brokers_, &Broker::is_refusing);
}

void Brokers::forget_refusals() noexcept {
  for (Broker& broker : brokers_) broker.is_refusing = false;
}

}  // namespace mqtt_logger
