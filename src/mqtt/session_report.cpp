#include "session_report.hpp"

#include "mqtt_logger/log/log.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <utility>

namespace mqtt_logger {
namespace {

using namespace std::chrono_literals;

constexpr auto kUnnoticed = 15s;  // within one run: not worth a line, and not known much more exactly

}  // namespace

std::string describe_duration(std::chrono::seconds duration) {
  const auto count = std::max<long long>(duration.count(), 0);
  if (count >= 86'400) return fmt::format("{} d {} h", count / 86'400, count % 86'400 / 3'600);
  if (count >= 3'600) return fmt::format("{} h {} min", count / 3'600, count % 3'600 / 60);
  if (count >= 60) return fmt::format("{} min {} s", count / 60, count % 60);
  return fmt::format("{} s", count);
}

void SessionReport::end(MqttVersion version, bool is_session_present, std::chrono::seconds session_expiry) {
  const auto last_contact = std::exchange(last_contact_, std::nullopt);
  const bool is_kept = options_.session_expiry > 0s;
  if (last_contact) {
    const auto away =
        std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now() - *last_contact);
    if (is_session_present) {
      if (is_first_ || away > kUnnoticed)
        log::info(
            "the logger was away for about {}; the broker has kept the session and sends what came "
            "meanwhile, as far as its queue for one client reaches",
            describe_duration(away));
    } else if (!is_same_broker_) {
      // Whoever names several brokers does not want to be told at a first start with another one.
      if (!is_first_ || options_.brokers.size() > 1) {
        log::warning(
            "this broker has no session of the logger: messages that came to it in the last {}, before it "
            "was connected to, may be missing",
            describe_duration(away));
      }
    } else if (!is_kept) {
      log::info(
          "the logger was away for about {}; messages of that time may be missing, as --session-expiry 0 "
          "asks",
          describe_duration(away));
    } else {
      const bool is_expired = away >= session_expiry;
      log::warning(
          "the logger was away for about {}, and the broker has not kept the session{}: messages of that "
          "time may be missing",
          describe_duration(away),
          is_expired ? fmt::format(" (it is kept for {})", describe_duration(session_expiry)) : "");
    }
  }
  is_first_ = false;
  if (version == MqttVersion::v3_1_1 && is_kept && !std::exchange(is_unlimited_said_, true)) {
    log::info(
        "MQTT 3.1.1 knows no --session-expiry: this broker keeps the session until its own settings end it, "
        "or --forget-session does");
  }
}

}  // namespace mqtt_logger
