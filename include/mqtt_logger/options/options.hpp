#pragma once

#include "mqtt_logger/base/log_level.hpp"
#include "mqtt_logger/base/message.hpp"
#include "mqtt_logger/format/columns.hpp"
#include "mqtt_logger/options/broker_address.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace mqtt_logger {

enum class Format : std::uint8_t { csv, json, jsonl };
enum class MqttVersion : std::uint8_t { v3_1_1 = 4, v5 = 5 };  ///< numbers as in the CONNECT packet
enum class Fsync : std::uint8_t { always, everysec, no };
enum class Redelivered : std::uint8_t { drop, keep };
enum class Compression : std::uint8_t { none, gzip };
/// When the broker sends the messages it retains: at each connect, once for a new subscription, or never.
enum class Retained : std::uint8_t { send, once, never };

/// What the program is to do: log, or something that ends by itself.
enum class Action : std::uint8_t {
  log,
  status,
  stop,
  install_service,
  uninstall_service,
  forget_session,
  verify,
  replay
};

/// How TLS is spoken with those brokers that ask for it. Paths are empty where the user named none.
struct TlsOptions {
  std::filesystem::path authorities;        ///< file or folder; empty: those that the system trusts
  std::filesystem::path certificate;        ///< our own, with those that lead to its authority
  std::filesystem::path key;                ///< empty: stands in the certificate's file
  std::filesystem::path key_password_file;  ///< empty: the key is not encrypted
  std::string key_password;                 ///< what load_secrets() found there
  std::vector<std::string> protocols;       ///< ALPN, the most wanted first
  bool is_insecure = false;                 ///< whoever answers is taken for the broker

  bool operator==(const TlsOptions&) const = default;
};

/// A header of the user's own in the request with which a WebSocket begins. It may be a secret, and is never
/// printed.
struct WebSocketHeader {
  std::string name;
  std::string value;                ///< as given, or what load_secrets() found in the file
  std::filesystem::path file = {};  ///< read again at each attempt to connect; empty: none
  bool is_whole_in_file = false;    ///< the name stands there as well: `Name: value`

  bool operator==(const WebSocketHeader&) const = default;
};

/// Who we are for the broker. No secret is ever printed.
struct Credentials {
  std::string username;                 ///< empty: none
  std::optional<std::string> password;  ///< as given, or what load_secrets() found
  std::filesystem::path password_file;
  std::filesystem::path config_file = {};  ///< the one of --config, if it holds a secret

  bool operator==(const Credentials&) const = default;
};

/// Everything a user can set, with its default. Plain values in the units their types name.
struct Options {
  std::vector<BrokerAddress> brokers{BrokerAddress{}};  ///< at least one; tried in this order
  Credentials credentials;
  TlsOptions tls;
  std::vector<WebSocketHeader> websocket_headers;
  std::vector<std::string> topics{"sensors/#"};  ///< well-formed topic filters, each once
  std::map<std::string, QoS> topic_qos;          ///< of those topics that do not have `qos`
  std::vector<std::string> excluded_topics;      ///< topic filters; what matches one is counted, not recorded
  std::vector<Format> formats{Format::csv, Format::json};  ///< in this order, each at most once
  std::filesystem::path output{"exports/mqtt_data"};       ///< without extension
  bool simulate = false;

  QoS qos = QoS::at_least_once;
  std::string client_id;  ///< empty: derived from the host name and the output
  std::chrono::seconds session_expiry{std::chrono::hours{1}};           ///< zero: clean start
  std::chrono::seconds keep_alive{60};                                  ///< at most 65,535; zero: off
  std::chrono::milliseconds connect_timeout{std::chrono::seconds{10}};  ///< for one attempt, at one address
  std::string proxy;  ///< URL of an HTTP proxy for all connections; empty: none
  MqttVersion mqtt_version = MqttVersion::v5;
  Retained retained = Retained::once;
  std::uint64_t max_packet_bytes = 0;  ///< that the broker may send (MQTT 5); zero: what the journal takes

  bool journal_in_file = true;    ///< false: `--journal none`
  std::filesystem::path journal;  ///< empty: the output with `.journal` appended
  std::uint64_t journal_size_bytes = std::uint64_t{64} * 1024 * 1024;
  Redelivered redelivered = Redelivered::drop;
  Fsync fsync = Fsync::everysec;

  std::uint64_t rotate_size_bytes = 0;       ///< zero: not by size
  std::chrono::seconds rotate_every{0};      ///< zero: not by time
  bool local_time = false;                   ///< periods of local time instead of UTC
  std::uint64_t keep_groups = 0;             ///< of a series, with the one that is written; zero: all
  std::chrono::seconds keep_for{0};          ///< zero: for ever
  std::uint64_t keep_size_bytes = 0;         ///< of a series; zero: no limit
  Compression compress = Compression::none;  ///< of finished files of a series
  std::uint64_t min_free_bytes = std::uint64_t{64} * 1024 * 1024;  ///< that is worth a warning; zero: none
  std::vector<Column> columns;  ///< behind the fields that every record has; each name once

  LogLevel log_level = LogLevel::info;
  std::chrono::milliseconds stats_every{std::chrono::seconds{60}};  ///< zero: only at the end

  std::string status_topic;  ///< empty: none

  bool background = false;
  std::filesystem::path pid_file;            ///< empty: none
  std::filesystem::path log_file;            ///< empty: standard error, or the system's log in the background
  std::filesystem::path metrics_file;        ///< empty: none
  std::chrono::milliseconds stale_after{0};  ///< a topic filter's silence that is worth a warning; zero: none
  std::filesystem::path config_file;         ///< that options were read from; empty: none
  Action action = Action::log;

  unsigned sensors = 6;
  std::chrono::milliseconds interval{std::chrono::seconds{2}};  ///< zero: as fast as the broker takes it
  std::uint64_t seed = 1;

  // Actions, in place of logging. What is not empty is to be done; at most one is.
  std::vector<std::filesystem::path> verify;  ///< exports, or base paths of exports
  bool by_topic = false;
  bool duplicates = false;              ///< count records that equal the one before on their topic
  std::optional<JsonPointer> sequence;  ///< where payloads carry a number to check

  std::vector<std::filesystem::path> replay;  ///< exports to publish
  std::string topic_prefix;                   ///< put before each topic
  double speed = 1;  ///< times the recorded one; zero: as fast as the broker takes it
  bool loop = false;
  std::optional<ReceiveTime> from;         ///< the first time to replay
  std::optional<ReceiveTime> to;           ///< the first time not to replay
  std::vector<std::string> replay_filter;  ///< topic filters; empty: all topics

  bool operator==(const Options&) const = default;
};

}  // namespace mqtt_logger
