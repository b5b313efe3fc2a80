#include "mqtt_logger/connection/connection_diagnosis.hpp"

#include "mqtt_logger/platform/network.hpp"

#include "tls_diagnosis.hpp"

#include <fmt/core.h>

#include <chrono>
#include <exception>
#include <thread>
#include <utility>

namespace mqtt_logger {
namespace {

Diagnosis diagnose(const BrokerAddress& broker, const Options& options,
                   const std::atomic<bool>& is_cancelled) {
  Diagnosis diagnosis;
  const Resolution resolution = resolve(broker.host);
  if (resolution.addresses.empty()) {
    diagnosis.reason = fmt::format("the host {} is unknown ({})", broker.host, resolution.error);
    return diagnosis;
  }
  for (const std::string& address : resolution.addresses) {
    const std::error_code error = probe(address, broker.port, options.connect_timeout, is_cancelled);
    if (is_cancelled.load(std::memory_order_relaxed)) return diagnosis;
    if (!error) {
      diagnosis.address = address;
      break;
    }
    diagnosis.reason +=
        (diagnosis.reason.empty() ? "" : "; ") +
        describe_unreachable(error, broker.host, address, broker.port, options.connect_timeout);
  }
  if (diagnosis.address.empty()) return diagnosis;
  use_address(broker.host, diagnosis.address);
  diagnosis.reason = is_encrypted(broker.transport)
                         ? diagnose_tls(broker, options.tls, options.connect_timeout, is_cancelled)
                         : "";
  return diagnosis;
}

}  // namespace

std::string describe_unreachable(const std::error_code& error, const std::string& host,
                                 const std::string& address, std::uint16_t port,
                                 std::chrono::milliseconds timeout) {
  const std::string where = address == host ? address : fmt::format("{} ({})", host, address);
  if (error == std::errc::connection_refused)
    return fmt::format("nothing listens at port {} of {} (connection refused)", port, where);
  if (error == std::errc::timed_out) {
    return fmt::format("no answer from {} within {} s", where,
                       std::chrono::ceil<std::chrono::seconds>(timeout).count());
  }
  if (error == std::errc::host_unreachable || error == std::errc::network_unreachable)
    return fmt::format("{} cannot be reached ({})", where, error.message());
  return fmt::format("{}: {}", where, error.message());
}

void ConnectionDiagnosis::start(const BrokerAddress& broker, const Options& options,
                                std::function<void(Diagnosis)> done) {
  cancel();
  task_ = std::make_shared<Task>();
  task_->done = std::move(done);
  std::thread{[task = task_, broker, options] {
    Diagnosis diagnosis;
    try {
      diagnosis = diagnose(broker, options, task->is_cancelled);
    } catch (const std::exception& error) {
      diagnosis.reason = error.what();
    }
    const std::lock_guard lock{task->mutex};
    if (!task->is_cancelled) task->done(std::move(diagnosis));
  }}.detach();
}

void ConnectionDiagnosis::cancel() noexcept {
  if (!task_) return;
  const std::lock_guard lock{task_->mutex};
  task_->is_cancelled = true;
}

}  // namespace mqtt_logger
