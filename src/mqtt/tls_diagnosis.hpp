#pragma once

#include "mqtt_logger/options.hpp"

#include <atomic>
#include <functional>
#include <string>
#include <thread>

namespace mqtt_logger {

/// Finds out why no TLS connection came about: connects once more, and looks closely. Paho says only that it
/// failed: it keeps OpenSSL's verdict on the broker's certificate to itself, and tells nothing at all where
/// the certificate is good and names another host.
///
/// Threads: all by the main thread; `done` is called by a thread of its own, which start() begins.
/// Owns:    that thread; the destructor ends it.
class TlsDiagnosis {
 public:
  TlsDiagnosis() = default;
  ~TlsDiagnosis() { cancel(); }
  TlsDiagnosis(const TlsDiagnosis&) = delete;
  TlsDiagnosis& operator=(const TlsDiagnosis&) = delete;

  /// Tells `done` the reason in words, within about ten seconds; empty if none was found: TLS itself works.
  void start(const BrokerAddress& broker, const TlsOptions& options, std::function<void(std::string)> done);
  /// Ends it; `done` is not called any more. Waits for a look-up of the host name at the worst.
  void cancel() noexcept;

 private:
  std::atomic<bool> is_cancelled_{false};
  std::thread thread_;
};

}  // namespace mqtt_logger
