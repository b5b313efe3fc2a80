#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "mqtt_logger/log.hpp"
#include "mqtt_logger/message.hpp"

namespace mqtt_logger {

enum class Format : std::uint8_t { csv, json, jsonl };
enum class MqttVersion : std::uint8_t { v3_1_1 = 4, v5 = 5 };  ///< numbers as in the CONNECT packet
enum class Fsync : std::uint8_t { always, everysec, no };
enum class Redelivered : std::uint8_t { drop, keep };

/// Where a broker listens.
struct BrokerAddress {
  std::string host = "localhost";
  std::uint16_t port = 1883;
};

/// Everything a user can set, with its default. Plain values in the units their types name.
struct Options {
  BrokerAddress broker;
  std::vector<std::string> topics{"sensors/#"};
  std::vector<Format> formats{Format::csv, Format::json};  ///< in this order, each at most once
  std::filesystem::path output{"exports/mqtt_data"};       ///< without extension
  bool simulate = false;

  QoS qos = QoS::at_least_once;
  std::string client_id;  ///< empty: derived from the host name and the output
  std::chrono::seconds session_expiry{std::chrono::hours{1}};
  std::chrono::seconds keep_alive{60};
  MqttVersion mqtt_version = MqttVersion::v5;

  bool journal_in_file = true;    ///< false: `--journal none`
  std::filesystem::path journal;  ///< empty: the output with `.journal` appended
  std::uint64_t journal_size_bytes = 64 * 1024 * 1024;
  Redelivered redelivered = Redelivered::drop;
  Fsync fsync = Fsync::everysec;

  LogLevel log_level = LogLevel::info;
  std::chrono::milliseconds stats_every{std::chrono::seconds{60}};  ///< zero: only at the end

  unsigned sensors = 6;
  std::chrono::milliseconds interval{std::chrono::seconds{2}};  ///< zero: as fast as the broker takes it
  std::uint64_t seed = 1;
};

}  // namespace mqtt_logger
