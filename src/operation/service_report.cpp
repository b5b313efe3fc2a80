#include "mqtt_logger/operation/service_report.hpp"

#include "mqtt_logger/base/escape.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace mqtt_logger {
namespace {

// In each interval of the watchdog the writer has so many occasions to show that it lives.
constexpr int kChecksAnInterval = 4;
constexpr std::chrono::milliseconds kNever = std::chrono::hours{1};
constexpr std::chrono::milliseconds kCheckReload{10};

}  // namespace

std::string describe_in_one_line(const Status& status) {
  const ConnectionStatus& connection = status.connection;
  std::string line;
  if (connection.is_subscribed) {
    std::string filters;
    for (const std::string& filter : connection.filters) filters += (filters.empty() ? "" : ", ") + filter;
    line = fmt::format("logging {} from {}", filters.empty() ? "nothing" : filters, connection.broker);
  } else {
    line = fmt::format("waiting for the broker at {}", connection.broker);
    if (!connection.last_failure.empty()) line += " (" + connection.last_failure + ")";
  }
  return escaped(line) + "; " + to_string(status.totals);
}

bool is_start_decided(const ConnectionStatus& connection) noexcept {
  return connection.is_subscribed || connection.failures > 0;
}

ServiceReport::ServiceReport(ServiceManager& manager, std::function<std::uint64_t()> writer_iterations,
                             std::function<void()> wake_writer)
    : manager_{manager},
      writer_iterations_{std::move(writer_iterations)},
      wake_writer_{std::move(wake_writer)} {}

void ServiceReport::report(const Status& status) {
  if (!manager_.is_present()) return;
  if (std::string line = describe_in_one_line(status); line != last_line_) {
    manager_.status(line);
    last_line_ = std::move(line);
  }
  if (!is_ready_ && is_start_decided(status.connection)) {
    manager_.ready();
    is_ready_ = true;
  }
}

void ServiceReport::reloading() {
  if (!is_ready_) return;
  manager_.reloading();
  // The iteration that is under way may have begun before the request.
  reloaded_with_iteration_ = writer_iterations_() + 2;
}

std::chrono::milliseconds ServiceReport::advance() {
  if (reloaded_with_iteration_ && writer_iterations_() >= *reloaded_with_iteration_) {
    manager_.ready();
    reloaded_with_iteration_.reset();
  }
  if (reloaded_with_iteration_) wake_writer_();
  return reloaded_with_iteration_ ? std::min(kCheckReload, feed_watchdog()) : feed_watchdog();
}

std::chrono::milliseconds ServiceReport::feed_watchdog() {
  const auto interval = manager_.watchdog_interval();
  if (!interval) return kNever;
  const auto now = Clock::now();
  if (now >= next_check_) {
    if (const std::uint64_t iterations = writer_iterations_(); iterations != iterations_seen_) {
      manager_.alive();
      iterations_seen_ = iterations;
    }
    wake_writer_();  // an idle writer sleeps; until the next check it has done an iteration
    next_check_ = now + *interval / kChecksAnInterval;
  }
  return std::chrono::ceil<std::chrono::milliseconds>(next_check_ - now);
}

void ServiceReport::stopping() {
  manager_.stopping();
}

}  // namespace mqtt_logger
