#include "mqtt_logger/connection/broker_limits.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace mqtt_logger {
namespace {

// MQTT 5, section 3.2.2.3.7; the library's versions spell its name in two ways.
constexpr auto kAssignedClientIdentifier = static_cast<mqtt::property::code>(18);

// get() of the library insists on the type of the property.
template <typename Integer>
std::optional<Integer> number(const mqtt::properties& properties, mqtt::property::code code) {
  if (!properties.contains(code)) return std::nullopt;
  return mqtt::get<Integer>(properties, code);
}

}  // namespace

BrokerLimits read_limits(const mqtt::properties& connack) {
  using Code = mqtt::property::code;
  BrokerLimits limits;
  if (const auto expiry = number<std::uint32_t>(connack, Code::SESSION_EXPIRY_INTERVAL))
    limits.session_expiry = std::chrono::seconds{*expiry};
  if (const auto keep_alive = number<std::uint16_t>(connack, Code::SERVER_KEEP_ALIVE))
    limits.keep_alive = std::chrono::seconds{*keep_alive};
  if (const auto qos = number<std::uint8_t>(connack, Code::MAXIMUM_QOS))
    limits.maximum_qos = static_cast<QoS>(std::min<std::uint8_t>(*qos, 2));
  limits.takes_retained = number<std::uint8_t>(connack, Code::RETAIN_AVAILABLE).value_or(1) != 0;
  limits.maximum_packet_bytes = number<std::uint32_t>(connack, Code::MAXIMUM_PACKET_SIZE);
  limits.has_wildcards =
      number<std::uint8_t>(connack, Code::WILDCARD_SUBSCRIPTION_AVAILABLE).value_or(1) != 0;
  limits.has_shared_subscriptions =
      number<std::uint8_t>(connack, Code::SHARED_SUBSCRIPTION_AVAILABLE).value_or(1) != 0;
  if (connack.contains(kAssignedClientIdentifier))
    limits.assigned_client_id = mqtt::get<std::string>(connack, kAssignedClientIdentifier);
  return limits;
}

std::optional<std::string> find_unsupported(const BrokerLimits& limits, const std::string& filter) {
  const bool is_shared = filter.starts_with("$share/");
  if (is_shared && !limits.has_shared_subscriptions) return "it has no shared subscriptions ($share)";
  const std::size_t begin = is_shared ? filter.find('/', 7) : 0;
  if (!limits.has_wildcards && filter.find_first_of("+#", begin) != std::string::npos)
    return "it takes no wildcards (+ and #) in topic filters";
  return std::nullopt;
}

QoS limit_qos(const BrokerLimits& limits, QoS wanted) noexcept {
  return std::min(wanted, limits.maximum_qos);
}

std::string describe_publishing_limits(const BrokerLimits& limits) {
  std::string text;
  const auto add = [&text](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (limits.maximum_qos != QoS::exactly_once)
    add(fmt::format("at most QoS {}", static_cast<int>(limits.maximum_qos)));
  if (!limits.takes_retained) add("nothing retained");
  if (limits.maximum_packet_bytes)
    add(fmt::format("packets of at most {} bytes", *limits.maximum_packet_bytes));
  return text;
}

}  // namespace mqtt_logger
