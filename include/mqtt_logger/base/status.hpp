#pragma once

#include "mqtt_logger/base/log_level.hpp"
#include "mqtt_logger/base/message.hpp"
#include "mqtt_logger/base/totals.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mqtt_logger {

/// How it stands with the broker.
struct ConnectionStatus {
  std::string broker;  ///< "host:port"
  bool is_subscribed = false;
  std::optional<ReceiveTime> since;  ///< connected and subscribed; nothing while it is not
  std::vector<std::string> filters;  ///< what the broker has granted; stays while it is away
  std::string last_failure;          ///< why the last attempt or connection ended; empty if none has
  std::uint64_t failures = 0;        ///< attempts and connections that ended so
  /// For how long the broker keeps messages while the logger is away.
  std::chrono::seconds session_expiry{0};

  bool operator==(const ConnectionStatus&) const = default;
};

/// One export and the size of the file that it is writing.
struct ExportStatus {
  std::string path;
  std::uint64_t size_bytes = 0;

  bool operator==(const ExportStatus&) const = default;
};

/// A disk that is written to.
struct DiskStatus {
  std::string path;  ///< a folder on it
  std::uint64_t free_bytes = 0;
  bool is_low = false;  ///< less than `--min-free`

  bool operator==(const DiskStatus&) const = default;
};

/// Since when a topic filter brought nothing.
struct FilterStatus {
  std::string filter;
  std::chrono::seconds silent_for{0};
  bool is_stale = false;  ///< for longer than `--stale-after`

  bool operator==(const FilterStatus&) const = default;
};

/// What a running logger does, at one moment: for `--status`, the metrics and the service manager.
struct Status {
  ReceiveTime time;  ///< of this look at it
  ReceiveTime started;
  std::uint64_t process_id = 0;
  std::string client_id;
  ConnectionStatus connection;
  MessageTotals totals;
  std::uint64_t connects = 0;
  std::uint64_t written_bytes = 0;
  std::uint64_t write_errors = 0;
  double received_per_second = 0;  ///< in the last minute
  double written_per_second = 0;   ///< in the last minute
  std::uint64_t journal_pending_bytes = 0;
  std::uint64_t journal_bytes = 0;
  std::optional<ReceiveTime> last_message;
  std::vector<ExportStatus> exports;
  std::vector<DiskStatus> disks;
  std::vector<FilterStatus> filters;     ///< with `--stale-after`
  std::optional<LoggedLine> last_fault;  ///< the last warning or error in the log

  bool operator==(const Status&) const = default;
};

}  // namespace mqtt_logger
