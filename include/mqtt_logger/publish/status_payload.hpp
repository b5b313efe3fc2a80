#pragma once

#include "mqtt_logger/base/message.hpp"
#include "mqtt_logger/base/totals.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mqtt_logger {

/// What the status topic tells: this logger is connected; its connection broke; it was stopped on request.
enum class StatusState : std::uint8_t { online, offline, stopped };

/// The payload of the status topic, one JSON object. Pure.
/// `silent`: the topic filters that bring nothing for longer than `--stale-after`, if that is watched.
[[nodiscard]] std::string make_status(StatusState state, const std::string& client_id, ReceiveTime started,
                                      const MessageTotals& totals,
                                      const std::optional<std::vector<std::string>>& silent = std::nullopt);

/// The same without an account, for the last will: what it would say was true when the connection was made.
[[nodiscard]] std::string make_status(StatusState state, const std::string& client_id, ReceiveTime started);

}  // namespace mqtt_logger
