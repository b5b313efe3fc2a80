#include "mqtt_logger/connection/connection.hpp"

#include "mqtt_logger/connection/websocket_answer.hpp"
#include "mqtt_logger/options/secrets.hpp"

#include <fmt/core.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <system_error>

namespace mqtt_logger {
namespace {

using namespace std::chrono_literals;

// How many messages we ask the broker to have unacknowledged at most (MQTT 5, section 3.1.2.11.3): so many it
// may have to send again.
constexpr std::uint16_t kReceiveMaximum = 1000;
// Of MQTT itself (section 2.1.4): as much as to say nothing.
constexpr std::uint64_t kLargestPacketBytes = 268'435'460;
constexpr auto kBridgeTimeout = 3600s;

mqtt::ssl_options make_tls_options(const TlsOptions& tls) {
  mqtt::ssl_options options;
  std::error_code ignored;
  if (!tls.authorities.empty() && !std::filesystem::is_directory(tls.authorities, ignored))
    options.set_trust_store(tls.authorities.string());
  if (!tls.certificate.empty()) options.set_key_store(tls.certificate.string());
  if (!tls.key.empty()) options.set_private_key(tls.key.string());
  if (!tls.key_password.empty()) options.set_private_key_password(tls.key_password);
  if (!tls.protocols.empty()) options.set_alpn_protos(tls.protocols);
  options.set_enable_server_cert_auth(!tls.is_insecure);  // the certificate is from whom we trust
  options.set_verify(!tls.is_insecure);                   // and for the host that was asked for
  options.set_ssl_version(MQTT_SSL_VERSION_DEFAULT);      // OpenSSL 3: TLS 1.2 or newer
  return options;
}

// In place: the copies that Paho C++ before 1.3 makes of TLS options lose the folder.
void set_folder_of_authorities(mqtt::connect_options& connect, const TlsOptions& tls) {
  std::error_code ignored;
  if (!tls.authorities.empty() && std::filesystem::is_directory(tls.authorities, ignored))
    const_cast<mqtt::ssl_options&>(connect.get_ssl_options()).ca_path(tls.authorities.string());
}

mqtt::connect_options make_options(const Options& options, const BrokerAddress& broker, MqttVersion version,
                                   bool is_clean) {
  mqtt::connect_options connect;
  connect.set_mqtt_version(static_cast<int>(version));
  if (version == MqttVersion::v5) {
    connect.set_clean_start(is_clean);
  } else {
    connect.set_clean_session(is_clean);
  }
  connect.set_keep_alive_interval(options.keep_alive);
  // A bridge is at hand at once, and has limits of its own for each step to the broker.
  const bool is_bridged = is_websocket(broker.transport);
  connect.set_connect_timeout(is_bridged ? kBridgeTimeout
                                         : std::chrono::ceil<std::chrono::seconds>(options.connect_timeout));
  if (!options.credentials.username.empty()) connect.set_user_name(options.credentials.username);
  if (const auto password = read_password(options.credentials)) connect.set_password(*password);
  if (is_bridged) return connect;  // what follows is the bridge's
  if (!options.proxy.empty()) {
    connect.set_http_proxy(options.proxy);
    connect.set_https_proxy(options.proxy);
  }
  if (is_encrypted(broker.transport)) {
    connect.set_ssl(make_tls_options(options.tls));
    set_folder_of_authorities(connect, options.tls);
  }
  return connect;
}

}  // namespace

std::string make_uri(const BrokerAddress& broker, const WebSocketBridge* bridge) {
  if (bridge != nullptr) return bridge->uri();
  const bool is_ipv6 = broker.host.find(':') != std::string::npos;
  return fmt::format("{}://{}{}{}:{}", is_encrypted(broker.transport) ? "ssl" : "tcp", is_ipv6 ? "[" : "",
                     broker.host, is_ipv6 ? "]" : "", broker.port);
}

std::uint16_t connection_port(const Options& options, const BrokerAddress& broker) {
  const auto proxy = options.proxy.empty() ? std::nullopt : parse_proxy(options.proxy);
  return proxy ? proxy->port : broker.port;
}

mqtt::create_options make_create_options(MqttVersion version) {
  return mqtt::create_options{static_cast<int>(version)};
}

mqtt::connect_options make_session_options(const Options& options, const Broker& broker,
                                           const std::string& will, std::uint64_t max_packet_bytes) {
  const MqttVersion version = broker.version.current();
  const bool is_clean = options.session_expiry == 0s;
  mqtt::connect_options connect = make_options(options, broker.address, version, is_clean);
  connect.set_keep_alive_interval(broker.limits.keep_alive.value_or(options.keep_alive));
  if (!options.status_topic.empty()) {
    connect.set_will(mqtt::will_options{options.status_topic, will,
                                        static_cast<int>(limit_qos(broker.limits, kStatusQos)),
                                        broker.limits.takes_retained});
  }
  if (version == MqttVersion::v5) {
    mqtt::properties properties;
    if (!is_clean) {
      properties.add({mqtt::property::SESSION_EXPIRY_INTERVAL,
                      static_cast<std::int32_t>(options.session_expiry.count())});
    }
    properties.add({mqtt::property::RECEIVE_MAXIMUM, kReceiveMaximum});
    if (max_packet_bytes < kLargestPacketBytes)
      properties.add({mqtt::property::MAXIMUM_PACKET_SIZE, static_cast<std::int32_t>(max_packet_bytes)});
    // No topic alias maximum: the library does not keep aliases, and hands out such a message without a
    // topic.
    connect.set_properties(std::move(properties));
  }
  return connect;
}

mqtt::connect_options make_clean_options(const Options& options, const BrokerAddress& broker,
                                         MqttVersion version) {
  return make_options(options, broker, version, true);
}

}  // namespace mqtt_logger
