#pragma once

#include "mqtt_logger/options/options.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>

namespace mqtt_logger {

/// What was found of a broker to which no connection came about.
struct Diagnosis {
  std::string reason;   ///< in words; empty if none was found
  std::string address;  ///< of the host, that takes TCP connections; empty if none does
};

/// Why an address does not take a TCP connection, in words. `host` is the name it was found under.
[[nodiscard]] std::string describe_unreachable(const std::error_code& error, const std::string& host,
                                               const std::string& address, std::uint16_t port,
                                               std::chrono::milliseconds timeout);

/// Finds out why no connection came about, where the client library says only that it failed: looks the host
/// up, tries its addresses in order, and then TLS if that is spoken.
///
/// Threads: all by the session's thread; `done` is called by a thread of its own, which start() begins. A
///          look-up of a host name cannot be interrupted, so that thread may outlive this object; it touches
///          nothing then.
class ConnectionDiagnosis {
 public:
  ConnectionDiagnosis() = default;
  ~ConnectionDiagnosis() { cancel(); }
  ConnectionDiagnosis(const ConnectionDiagnosis&) = delete;
  ConnectionDiagnosis& operator=(const ConnectionDiagnosis&) = delete;

  void start(const BrokerAddress& broker, const Options& options, std::function<void(Diagnosis)> done);
  /// Ends it without waiting; when it returns, `done` is not called any more.
  void cancel() noexcept;

 private:
  struct Task {
    std::mutex mutex;  ///< held while `done` is called
    std::atomic<bool> is_cancelled{false};
    std::function<void(Diagnosis)> done;
  };
  std::shared_ptr<Task> task_;
};

}  // namespace mqtt_logger
