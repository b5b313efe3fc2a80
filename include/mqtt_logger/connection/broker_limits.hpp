#pragma once

#include "mqtt_logger/base/message.hpp"
#include "mqtt_logger/options/options.hpp"

#include <mqtt/properties.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mqtt_logger {

/// What a broker takes and keeps, as it says in CONNACK (MQTT 5, section 3.2.2.3). With MQTT 3.1.1 nothing is
/// known. All pure.
struct BrokerLimits {
  std::optional<std::chrono::seconds> session_expiry;  ///< instead of what was asked for
  std::optional<std::chrono::seconds> keep_alive;      ///< the same
  QoS maximum_qos = QoS::exactly_once;                 ///< of what we publish
  bool takes_retained = true;                          ///< of what we publish
  std::optional<std::uint32_t> maximum_packet_bytes;   ///< of what we publish
  bool has_wildcards = true;                           ///< in topic filters
  bool has_shared_subscriptions = true;
  std::string assigned_client_id;  ///< empty: the one asked for

  bool operator==(const BrokerLimits&) const = default;
};

[[nodiscard]] BrokerLimits read_limits(const mqtt::properties& connack);

/// Why the broker cannot have this topic filter; nothing if it can.
[[nodiscard]] std::optional<std::string> find_unsupported(const BrokerLimits& limits,
                                                          const std::string& filter);

/// The lower of what is wanted and what the broker takes.
[[nodiscard]] QoS limit_qos(const BrokerLimits& limits, QoS wanted) noexcept;

/// "sends at most QoS 1, takes nothing retained, …": what differs from what every broker may be asked for;
/// empty if nothing does.
[[nodiscard]] std::string describe_publishing_limits(const BrokerLimits& limits);

}  // namespace mqtt_logger
