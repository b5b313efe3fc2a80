#include "broker_options.hpp"

#include "mqtt_logger/base/topic_filter.hpp"
#include "mqtt_logger/base/utf8.hpp"
#include "mqtt_logger/options/broker_uri.hpp"

#include "option_kinds.hpp"
#include "websocket_header.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace mqtt_logger {
namespace {

using std::chrono::seconds;

OptionFault add_broker(OptionsDraft& draft, const std::string& text) {
  auto parsed = parse_broker_uri(text);
  if (auto* fault = std::get_if<std::string>(&parsed)) return std::move(*fault);
  auto& uri = std::get<BrokerUri>(parsed);
  if (std::find(draft.brokers.begin(), draft.brokers.end(), uri) == draft.brokers.end())
    draft.brokers.push_back(std::move(uri));
  return std::nullopt;
}

OptionFault apply_port(OptionsDraft& draft, const std::string& text) {
  draft.port = parse_port(text);
  return draft.port ? std::nullopt : OptionFault{"must be a whole number from 1 to 65535"};
}

OptionFault add_topic(OptionsDraft& draft, const std::string& text) {
  if (auto fault = find_topic_filter_fault(text)) return fault;
  auto& topics = draft.topics;
  if (std::find(topics.begin(), topics.end(), text) == topics.end()) topics.push_back(text);
  return std::nullopt;
}

/// The digit stands in front, because a topic filter may hold, and end in, anything.
OptionFault add_topic_with_qos(OptionsDraft& draft, const std::string& text) {
  if (text.size() < 2 || text[0] < '0' || text[0] > '2' || text[1] != ':')
    return "must be 0:, 1: or 2: followed by a topic filter, such as 2:alarms/#";
  const std::string filter = text.substr(2);
  if (auto fault = add_topic(draft, filter)) return fault;
  const auto qos = static_cast<QoS>(text[0] - '0');
  const auto [known, is_new] = draft.options.topic_qos.emplace(filter, qos);
  if (!is_new && known->second != qos) return "must not give one topic filter two values of QoS";
  return std::nullopt;
}

OptionFault add_excluded_topic(OptionsDraft& draft, const std::string& text) {
  if (auto fault = find_topic_filter_fault(text)) return fault;
  if (text.starts_with("$share/")) return "must be the topic filter alone, without $share/GROUP/";
  auto& filters = draft.options.excluded_topics;
  if (std::find(filters.begin(), filters.end(), text) == filters.end()) filters.push_back(text);
  return std::nullopt;
}

bool has_control_character(std::string_view text) noexcept {
  return std::any_of(text.begin(), text.end(), [](char character) {
    const auto byte = static_cast<unsigned char>(character);
    return byte < 0x20 || byte == 0x7F;
  });
}

OptionFault apply_proxy(OptionsDraft& draft, const std::string& text) {
  constexpr std::string_view kScheme = "http://";
  if (!text.starts_with(kScheme) || text.size() == kScheme.size() || has_control_character(text))
    return "must be the URL of an HTTP proxy, such as http://proxy:3128";
  draft.options.proxy = text;
  return std::nullopt;
}

OptionFault add_header(OptionsDraft& draft, const std::string& text) {
  auto parsed = parse_websocket_header(text);
  if (auto* fault = std::get_if<std::string>(&parsed)) return std::move(*fault);
  auto& header = std::get<WebSocketHeader>(parsed);
  if (header.value.starts_with('@')) {
    header.file = to_path(header.value.substr(1));
    header.value.clear();
    if (header.file.empty()) return "must name a file behind the @, such as Authorization: @token";
  }
  draft.options.websocket_headers.push_back(std::move(header));
  return std::nullopt;
}

OptionFault add_header_file(OptionsDraft& draft, const std::string& text) {
  if (text.empty() || text.find('\0') != std::string::npos) return "must name a file";
  draft.options.websocket_headers.push_back({"", "", to_path(text), true});
  return std::nullopt;
}

/// A file that is only read, and looked for when it is.
template <typename Group>
Apply file_path(Group Options::*group, std::filesystem::path Group::*member) {
  return [=](OptionsDraft& draft, const std::string& text) -> OptionFault {
    if (text.empty() || text.find('\0') != std::string::npos) return "must name a file";
    draft.options.*group.*member = to_path(text);
    return std::nullopt;
  };
}

OptionFault apply_username(OptionsDraft& draft, const std::string& text) {
  if (text.empty() || text.size() > 65'535 || has_control_character(text) || !is_valid_utf8(text))
    return "must be 1 to 65,535 bytes of UTF-8 without control characters";
  draft.options.credentials.username = text;
  return std::nullopt;
}

OptionFault apply_password(OptionsDraft& draft, const std::string& text) {
  if (text.empty() || text.size() > 65'535) return "must have 1 to 65,535 bytes";
  draft.options.credentials.password = text;
  return std::nullopt;
}

OptionFault add_protocol(OptionsDraft& draft, const std::string& text) {
  if (text.empty() || text.size() > 255 || has_control_character(text))  // RFC 7301, section 3.1
    return "must be 1 to 255 bytes without control characters, such as mqtt";
  auto& protocols = draft.options.tls.protocols;
  if (std::find(protocols.begin(), protocols.end(), text) == protocols.end()) protocols.push_back(text);
  return std::nullopt;
}

OptionFault apply_client_id(OptionsDraft& draft, const std::string& text) {
  if (has_control_character(text) || text.empty() || text.size() > 65'535 || !is_valid_utf8(text)) {
    return "must be 1 to 65,535 bytes of UTF-8 without control characters";
  }
  draft.options.client_id = text;
  return std::nullopt;
}

}  // namespace

std::vector<OptionDefinition> broker_definitions() {
  return {
      {"Connection", "broker", "HOST|URI", "localhost",
       "Host name or IP address of the broker, also as HOST:PORT, or mqtt://HOST:PORT, mqtts:// (with TLS), "
       "ws:// or wss:// (WebSocket, also with a path). Can be repeated: tried in this order.",
       add_broker, kRepeatable},
      {"Connection", "port", "N", "",
       "Port of the broker, where --broker names none. Default: 1883; 8883 for mqtts, 80 for ws, 443 for "
       "wss.",
       apply_port},
      {"Connection", "topic", "FILTER", "sensors/#",
       "Topic filter, also with + and # or as $share/GROUP/FILTER; can be repeated.", add_topic, kRepeatable},
      {"Connection", "topic-qos", "QOS:FILTER", "",
       "Topic filter with a QoS of its own, such as 2:alarms/#; can be repeated, also together with "
       "--topic.",
       add_topic_with_qos, kRepeatable},
      {"Connection", "exclude", "FILTER", "",
       "Messages whose topic matches are counted, but not recorded; can be repeated.", add_excluded_topic,
       kRepeatable},
      {"Connection", "retained", "send|new|never", "new",
       "When the broker sends the messages it retains: at each connect, once for a new subscription, or "
       "never (MQTT 5 only).",
       choice<Retained>(&Options::retained,
                        {{"send", Retained::send}, {"new", Retained::once}, {"never", Retained::never}})},

      {"Connection", "connect-timeout", "DURATION", "10s",
       "How long an address of the broker may take to answer an attempt to connect.",
       duration(&Options::connect_timeout, std::chrono::milliseconds{std::chrono::hours{1}},
                "must be a duration from 1s to 1h, such as 10s", std::chrono::milliseconds{seconds{1}})},
      {"Connection", "proxy", "URL", "",
       "HTTP proxy to connect through, such as http://proxy:3128. Variables such as http_proxy are ignored.",
       apply_proxy},
      {"Connection", "ws-header", "NAME: VALUE", "",
       "Header for the request with which a WebSocket begins, such as 'Authorization: Bearer TOKEN'; can be "
       "repeated. With NAME: @FILE the value is the only line of that file, read at each attempt. Other "
       "users of this machine can see a value itself while the logger runs.",
       add_header, kRepeatableSecret},
      {"Connection", "ws-header-file", "FILE", "",
       "The same from a file whose only line is NAME: VALUE, read at each attempt; can be repeated.",
       add_header_file, kRepeatable},

      {"Security", "username", "TEXT", "", "User name at the broker.", apply_username},
      {"Security", "password-file", "FILE", "",
       "File with the password in its only line. Without this option, systemd's credential named password is "
       "used (LoadCredential=password:FILE).",
       file_path(&Options::credentials, &Credentials::password_file)},
      {"Security", "password", "TEXT", "",
       "The password itself: other users of this machine can see it while the logger runs, so prefer "
       "--password-file or the variable MQTT_LOGGER_PASSWORD.",
       apply_password, kSecret},
      {"Security", "tls-ca", "FILE|FOLDER", "",
       "Trusted authorities: a file of certificates (PEM), or a folder as made by openssl "
       "rehash. Default: those that the system trusts.",
       file_path(&Options::tls, &TlsOptions::authorities)},
      {"Security", "tls-cert", "FILE", "",
       "Our own certificate (PEM), for brokers that ask for one; with the certificates that lead to its "
       "authority, if any.",
       file_path(&Options::tls, &TlsOptions::certificate)},
      {"Security", "tls-key", "FILE", "", "Its private key (PEM). Default: in the file of --tls-cert.",
       file_path(&Options::tls, &TlsOptions::key)},
      {"Security", "tls-key-password-file", "FILE", "",
       "File with the password of an encrypted private key in its only line.",
       file_path(&Options::tls, &TlsOptions::key_password_file)},
      {"Security", "tls-alpn", "NAME", "",
       "Protocol to ask for by ALPN, such as mqtt or x-amzn-mqtt-ca; can be repeated.", add_protocol,
       kRepeatable},
      {"Security", "tls-insecure", "", "",
       "Accept any certificate, without checking it: whoever is between here and "
       "the broker can then read and change everything, and learn the password.",
       [](OptionsDraft& draft, const std::string& text) -> OptionFault {
         if (text != "true" && text != "false") return "must be true or false";
         draft.options.tls.is_insecure = text == "true";
         return std::nullopt;
       }},

      {"Session", "qos", "0|1|2", "1", "Highest quality of service: 0 may lose messages, 1 and 2 do not.",
       choice<QoS>(&Options::qos,
                   {{"0", QoS::at_most_once}, {"1", QoS::at_least_once}, {"2", QoS::exactly_once}})},
      {"Session", "client-id", "TEXT", "",
       "Name of the session at the broker; two loggers must not share one. Default: from the host name and "
       "--output.",
       apply_client_id},
      {"Session", "session-expiry", "DURATION", "1h",
       "How long the broker keeps messages while the logger is away, in whole seconds. 0 = clean start, "
       "nothing is kept.",
       duration(&Options::session_expiry, seconds{4'294'967'295},
                "must be 0 or a duration of whole seconds up to 4294967295s, such as 1h or 7d")},
      {"Session", "keep-alive", "DURATION", "60s",
       "Longest silence before a ping, in whole seconds; must exceed the longest stall of the disk. 0 = no "
       "pings.",
       duration(&Options::keep_alive, seconds{65'535},
                "must be 0 (off) or a duration of whole seconds up to 65535s, such as 60s or 5m")},
      {"Session", "mqtt-version", "5|3.1.1", "5",
       "Version of the protocol. A broker that refuses 5 is tried with 3.1.1, and the log says so.",
       choice<MqttVersion>(&Options::mqtt_version, {{"5", MqttVersion::v5}, {"3.1.1", MqttVersion::v3_1_1}})},
      {"Session", "forget-session", "", "",
       "End the session at the broker, with all that it keeps for this logger, and exit. What is in the "
       "journal stays.",
       ask(), asks_for(Action::forget_session)},
      {"Session", "max-packet-size", "SIZE", "",
       "Largest packet the broker may send (MQTT 5 only): it drops larger messages without a word to the "
       "logger. By default half of --journal-size, which is what the journal takes; with more, messages that "
       "are too large come, and are dropped and counted.",
       size(&Options::max_packet_bytes, 1024, 268'435'460,
            "must be a size from 1KiB to 268435460 bytes (MQTT's limit), such as 1MiB")},
  };
}

}  // namespace mqtt_logger
