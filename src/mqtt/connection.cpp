#include "connection.hpp"

#include "mqtt_logger/escape.hpp"
#include "mqtt_logger/mqtt/inbox.hpp"

#include <fmt/core.h>

#include <filesystem>
#include <optional>
#include <system_error>

namespace mqtt_logger {
namespace {

using namespace std::chrono_literals;

constexpr auto kConnectTimeout = 10s;

// CONNACK return codes of MQTT 3.1.1, section 3.2.2.3.
constexpr int kUnacceptableVersion = 1;
constexpr int kIdentifierRejected = 2;
constexpr int kServerUnavailable = 3;
constexpr int kBadCredentials = 4;
constexpr int kNotAuthorized = 5;

// The reason code of MQTT 5, if the broker sent one. Paho C 1.3.12 gives that of a CONNACK as the return
// code, whose own values are below 0x80 or negative; an MQTT 3.1.1 token has a reason code of 255.
std::optional<mqtt::ReasonCode> reason_code_of(const mqtt::token& token) noexcept {
  constexpr int kFirstError = 0x80;  // MQTT 5, section 2.4
  constexpr int kLastError = 0xA2;
  for (const int code : {token.get_return_code(), static_cast<int>(token.get_reason_code())}) {
    if (code >= kFirstError && code <= kLastError) return static_cast<mqtt::ReasonCode>(code);
  }
  return std::nullopt;
}

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
  connect.set_connect_timeout(kConnectTimeout);
  if (!options.credentials.username.empty()) connect.set_user_name(options.credentials.username);
  if (options.credentials.password) connect.set_password(*options.credentials.password);
  if (is_encrypted(broker.transport)) {
    connect.set_ssl(make_tls_options(options.tls));
    set_folder_of_authorities(connect, options.tls);
  }
  return connect;
}

}  // namespace

std::string make_uri(const BrokerAddress& broker) {
  const bool is_ipv6 = broker.host.find(':') != std::string::npos;
  const char* const scheme = broker.transport == Transport::mqtts ? "ssl"
                             : broker.transport == Transport::ws  ? "ws"
                             : broker.transport == Transport::wss ? "wss"
                                                                  : "tcp";
  return fmt::format("{}://{}{}{}:{}{}", scheme, is_ipv6 ? "[" : "", broker.host, is_ipv6 ? "]" : "",
                     broker.port, broker.path);
}

mqtt::create_options make_create_options(MqttVersion version) {
  return mqtt::create_options{static_cast<int>(version)};
}

mqtt::connect_options make_session_options(const Options& options, const BrokerAddress& broker,
                                           MqttVersion version, const std::string& will) {
  const bool is_clean = options.session_expiry == 0s;
  mqtt::connect_options connect = make_options(options, broker, version, is_clean);
  if (!options.status_topic.empty())
    connect.set_will(mqtt::will_options{options.status_topic, will, kStatusQos, true});
  if (version == MqttVersion::v5) {
    mqtt::properties properties;
    if (!is_clean) {
      properties.add({mqtt::property::SESSION_EXPIRY_INTERVAL,
                      static_cast<std::int32_t>(options.session_expiry.count())});
    }
    properties.add({mqtt::property::RECEIVE_MAXIMUM, kReceiveMaximum});
    if (options.max_packet_bytes != 0) {
      properties.add(
          {mqtt::property::MAXIMUM_PACKET_SIZE, static_cast<std::int32_t>(options.max_packet_bytes)});
    }
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

bool is_refused(const mqtt::token& token) noexcept {
  return reason_code_of(token).has_value();
}

bool is_answered(const mqtt::token& token) noexcept {
  return is_refused(token) || token.get_return_code() > 0;
}

std::string describe_failure(const mqtt::token& token) {
  const auto reason = reason_code_of(token);
  if (reason) return mqtt::exception::reason_code_str(static_cast<int>(*reason));
  switch (token.get_return_code()) {
    case MQTTASYNC_FAILURE:  // all that the library says where no connection came about
      return "nothing answers there, or the host is unknown";
    case kUnacceptableVersion:
      return "unacceptable protocol version";
    case kIdentifierRejected:
      return "client identifier rejected";
    case kServerUnavailable:
      return "server unavailable";
    case kBadCredentials:
      return "bad user name or password";
    case kNotAuthorized:
      return "not authorized";
    default:
      return mqtt::exception::printable_error(token.get_return_code());
  }
}

std::string describe_disconnect(const mqtt::properties& properties, mqtt::ReasonCode code) {
  // Of refused requests the library keeps the reason's code alone.
  std::string text = mqtt::exception::reason_code_str(static_cast<int>(code));
  if (text.empty()) text = fmt::format("reason code {}", static_cast<int>(code));
  if (properties.contains(mqtt::property::REASON_STRING))
    text +=
        fmt::format(" ({})", shortened(mqtt::get<std::string>(properties, mqtt::property::REASON_STRING)));
  return text;
}

bool is_refused_for_good(const mqtt::token& token) noexcept {
  switch (reason_code_of(token).value_or(mqtt::ReasonCode::SUCCESS)) {
    case mqtt::ReasonCode::CLIENT_IDENTIFIER_NOT_VALID:
    case mqtt::ReasonCode::BAD_USER_NAME_OR_PASSWORD:
    case mqtt::ReasonCode::NOT_AUTHORIZED:
    case mqtt::ReasonCode::BANNED:
    case mqtt::ReasonCode::BAD_AUTHENTICATION_METHOD:
      return true;
    default:
      break;
  }
  const int code = token.get_return_code();
  return code == kIdentifierRejected || code == kBadCredentials || code == kNotAuthorized;
}

bool is_version_refused(const mqtt::token& token) noexcept {
  return reason_code_of(token) == mqtt::ReasonCode::UNSUPPORTED_PROTOCOL_VERSION ||
         token.get_return_code() == kUnacceptableVersion;
}

}  // namespace mqtt_logger
