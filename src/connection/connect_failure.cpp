#include "mqtt_logger/connection/connect_failure.hpp"

#include "mqtt_logger/base/escape.hpp"

#include <fmt/core.h>

#include <optional>

namespace mqtt_logger {
namespace {

// CONNACK return codes of MQTT 3.1.1, section 3.2.2.3.
constexpr int kUnacceptableVersion = 1;
constexpr int kIdentifierRejected = 2;
constexpr int kServerUnavailable = 3;
constexpr int kBadCredentials = 4;
constexpr int kNotAuthorized = 5;

// The reason code of MQTT 5, if the broker sent one. Paho C 1.3.12 gives that of a CONNACK as the return
// code, whose own values are below 0x80 or negative; an MQTT 3.1.1 token has a reason code of 255.
std::optional<mqtt::ReasonCode> reason_code_of(const Response& response) noexcept {
  constexpr int kFirstError = 0x80;  // MQTT 5, section 2.4
  constexpr int kLastError = 0xA2;
  for (const int code : {response.return_code, response.reason_code}) {
    if (code >= kFirstError && code <= kLastError) return static_cast<mqtt::ReasonCode>(code);
  }
  return std::nullopt;
}

// What a reason code says does not depend on who sends it: of CONNACK, SUBACK or DISCONNECT.
std::string describe_reason(mqtt::ReasonCode code, const mqtt::properties& properties) {
  std::string text = mqtt::exception::reason_code_str(static_cast<int>(code));
  if (text.empty()) text = fmt::format("reason code {}", static_cast<int>(code));
  if (properties.contains(mqtt::property::REASON_STRING))
    text +=
        fmt::format(" ({})", shortened(mqtt::get<std::string>(properties, mqtt::property::REASON_STRING)));
  if (properties.contains(mqtt::property::SERVER_REFERENCE)) {
    text += fmt::format("; it names another server: {}",
                        shortened(mqtt::get<std::string>(properties, mqtt::property::SERVER_REFERENCE)));
  }
  return text;
}

}  // namespace

ConnectFailure classify_failure(const Response& response) noexcept {
  if (const auto reason = reason_code_of(response)) {
    switch (*reason) {
      case mqtt::ReasonCode::UNSUPPORTED_PROTOCOL_VERSION:
        return ConnectFailure::version_refused;
      case mqtt::ReasonCode::QOS_NOT_SUPPORTED:
        return ConnectFailure::qos_refused;
      case mqtt::ReasonCode::RETAIN_NOT_SUPPORTED:
        return ConnectFailure::retain_refused;
      case mqtt::ReasonCode::CLIENT_IDENTIFIER_NOT_VALID:
      case mqtt::ReasonCode::BAD_USER_NAME_OR_PASSWORD:
      case mqtt::ReasonCode::NOT_AUTHORIZED:
      case mqtt::ReasonCode::BANNED:
      case mqtt::ReasonCode::BAD_AUTHENTICATION_METHOD:
        return ConnectFailure::refused_for_good;
      default:
        return ConnectFailure::refused;
    }
  }
  switch (response.return_code) {
    case kUnacceptableVersion:
      return ConnectFailure::version_refused;
    case kIdentifierRejected:
    case kBadCredentials:
    case kNotAuthorized:
      return ConnectFailure::refused_for_good;
    default:
      break;
  }
  if (response.return_code > 0) return ConnectFailure::refused;
  // The library has one code for all that follows, and tells them apart by its words alone.
  if (response.text.find("completion") != std::string::npos) return ConnectFailure::closed;
  if (response.text.find("timeout") != std::string::npos) return ConnectFailure::silent;
  return ConnectFailure::no_connection;
}

bool is_refused(const Response& response) noexcept {
  return reason_code_of(response).has_value();
}

std::string describe_failure(const Response& response) {
  if (const auto reason = reason_code_of(response)) return describe_reason(*reason, response.properties);
  switch (response.return_code) {
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
    case MQTTASYNC_FAILURE:
      break;
    default:
      return mqtt::exception::printable_error(response.return_code);
  }
  switch (classify_failure(response)) {
    case ConnectFailure::closed:
      return "it closes the connection instead of an answer to CONNECT; is it the right port (TLS: mqtts://, "
             "WebSocket: ws://)?";
    case ConnectFailure::silent:
      return "no answer in time";
    default:
      return "nothing answers there, or the host is unknown";
  }
}

std::string describe_disconnect(const mqtt::properties& properties, mqtt::ReasonCode code) {
  return describe_reason(code, properties);
}

Response to_response(const mqtt::token& token) {
  Response response;
  response.return_code = token.get_return_code();
  response.reason_code = static_cast<int>(token.get_reason_code());
  return response;
}

}  // namespace mqtt_logger
