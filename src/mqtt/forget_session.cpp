#include "mqtt_logger/mqtt/forget_session.hpp"

#include "mqtt_logger/connection/connect_failure.hpp"
#include "mqtt_logger/connection/connection.hpp"
#include "mqtt_logger/connection/websocket_bridge.hpp"
#include "mqtt_logger/log/log.hpp"
#include "mqtt_logger/mqtt/subscriber.hpp"

#include <mqtt/async_client.h>

#include <chrono>
#include <exception>

namespace mqtt_logger {
namespace {

using namespace std::chrono_literals;

constexpr auto kForgetTimeout = 5s;  // beyond --connect-timeout, and for a DISCONNECT

enum class Outcome { ended, failed, refused, other_version };

Outcome end_session(const Options& options, const BrokerAddress& broker, MqttVersion version) {
  const std::string client_id = find_client_id(options);
  try {
    const auto bridge = make_bridge(options, broker, options.keep_alive);
    mqtt::async_client client{make_uri(broker, bridge.get()), client_id, make_create_options(version)};
    const auto connected = client.connect(make_clean_options(options, broker, version));
    try {
      // The look-up, TCP, TLS and the WebSocket have a limit each.
      if (!connected->wait_for(kForgetTimeout + (bridge ? 4 : 1) * options.connect_timeout)) {
        log::error("{}: no answer; the session '{}' is not ended", to_string(broker), client_id);
        return Outcome::failed;
      }
    } catch (const mqtt::exception&) {
      if (version == MqttVersion::v5 &&
          classify_failure(to_response(*connected)) == ConnectFailure::version_refused)
        return Outcome::other_version;
      const auto end = bridge ? bridge->failure() : std::nullopt;
      log::error("{}: {}; the session '{}' is not ended", to_string(broker),
                 end ? end->reason : describe_failure(to_response(*connected)), client_id);
      return classify_failure(to_response(*connected)) == ConnectFailure::refused_for_good ? Outcome::refused
                                                                                           : Outcome::failed;
    }
    client.disconnect()->wait_for(kForgetTimeout);
    log::info("{}: the session '{}' is ended, and with it what the broker kept for it", to_string(broker),
              client_id);
    return Outcome::ended;
  } catch (const std::exception& error) {
    log::error("{}: {}; the session '{}' may not be ended", to_string(broker), error.what(), client_id);
    return Outcome::failed;
  }
}

}  // namespace

Forgotten forget_sessions(const Options& options) {
  bool is_any_refused = false;
  bool is_any_failed = false;
  for (const BrokerAddress& broker : options.brokers) {
    Outcome outcome = end_session(options, broker, options.mqtt_version);
    if (outcome == Outcome::other_version) outcome = end_session(options, broker, MqttVersion::v3_1_1);
    is_any_refused |= outcome == Outcome::refused;
    is_any_failed |= outcome == Outcome::failed;
  }
  if (is_any_failed) return Forgotten::not_all;
  return is_any_refused ? Forgotten::refused : Forgotten::all;
}

}  // namespace mqtt_logger
