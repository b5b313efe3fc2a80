#include "mqtt_logger/publish/status_payload.hpp"

#include "mqtt_logger/base/timestamp.hpp"
#include "mqtt_logger/base/utf8.hpp"
#include "mqtt_logger/base/version.hpp"

#include <fmt/core.h>

#include <string_view>
#include <utility>

namespace mqtt_logger {
namespace {

std::string_view name_of(StatusState state) noexcept {
  switch (state) {
    case StatusState::online:
      return "online";
    case StatusState::offline:
      return "offline";
    case StatusState::stopped:
      break;
  }
  return "stopped";
}

std::string begin_status(StatusState state, const std::string& client_id, ReceiveTime started) {
  std::string text = fmt::format(R"({{"state":"{}","client_id":)", name_of(state));
  append_json_string(text, client_id);
  TimestampFormatter timestamp;
  return text +
         fmt::format(R"(,"version":"{}","started":"{}")", program_version(), timestamp.format(started));
}

}  // namespace

std::string make_status(StatusState state, const std::string& client_id, ReceiveTime started,
                        const MessageTotals& totals, const std::optional<std::vector<std::string>>& silent) {
  std::string text =
      begin_status(state, client_id, started) +
      fmt::format(R"(,"received":{},"replayed":{},"written":{},"pending":{},"dropped":{},"redelivered":{},)"
                  R"("too_large":{},"excluded":{})",
                  totals.received, totals.replayed, totals.written, totals.pending(), totals.dropped(),
                  totals.redelivered, totals.too_large, totals.excluded);
  if (silent) {
    std::string_view before = ",\"silent\":[";
    if (silent->empty()) text += before;
    for (const std::string& filter : *silent) {
      text += std::exchange(before, ",");
      append_json_string(text, filter);
    }
    text += ']';
  }
  return text + '}';
}

std::string make_status(StatusState state, const std::string& client_id, ReceiveTime started) {
  return begin_status(state, client_id, started) + '}';
}

}  // namespace mqtt_logger
