#include "session_report.hpp"

#include "mqtt_logger/log.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <utility>

namespace mqtt_logger {
namespace {

using namespace std::chrono_literals;

constexpr auto kUnnoticed = 15s;  // within one run: not worth a line, and not known much more exactly

/// "2 d 3 h", "5 min 12 s": the two largest units.
std::string describe(std::chrono::seconds duration) {
  const auto count = std::max<long long>(duration.count(), 0);
  if (count >= 86'400) return fmt::format("{} d {} h", count / 86'400, count % 86'400 / 3'600);
  if (count >= 3'600) return fmt::format("{} h {} min", count / 3'600, count % 3'600 / 60);
  if (count >= 60) return fmt::format("{} min {} s", count / 60, count % 60);
  return fmt::format("{} s", count);
}

}  // namespace

void SessionReport::end(MqttVersion version, bool is_session_present) {
  const auto last_contact = std::exchange(last_contact_, std::nullopt);
  const bool is_kept = options_.session_expiry > 0s;
  if (last_contact) {
    const auto away =
        std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now() - *last_contact);
    if (is_session_present) {
      if (is_first_ || away > kUnnoticed)
        log::info(
            "the logger was away for about {}; the broker has kept the session and sends what came "
            "meanwhile, as "
            "far as its queue for one client reaches",
            describe(away));
    } else if (!is_kept) {
      log::info(
          "the logger was away for about {}; messages of that time are missing, as --session-expiry 0 asks",
          describe(away));
    } else {
      const bool is_expired = away >= options_.session_expiry;
      log::warning(
          "the logger was away for about {}, and the broker has not kept the session{}: messages of that "
          "time "
          "are missing",
          describe(away),
          is_expired ? fmt::format(" (--session-expiry is {})", describe(options_.session_expiry)) : "");
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
