#pragma once

#include "mqtt_logger/options/options.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mqtt_logger {

/// What a session is subscribed to: topic filters with their QoS; without one where the broker was asked and
/// has not answered. All pure.
using Subscriptions = std::map<std::string, std::optional<QoS>, std::less<>>;

[[nodiscard]] Subscriptions make_subscriptions(const Options& options);

/// As text, one a line, the QoS (or `?`) first: "1 sensors/#\n". A topic filter can hold a line break, which
/// is written as U+0000, which it cannot hold.
[[nodiscard]] std::string write_subscriptions(const Subscriptions& subscriptions);
[[nodiscard]] Subscriptions read_subscriptions(std::string_view text);

/// What one session, of those in `text`, is subscribed to; nothing if that is not known. In `text` each
/// session's list stands behind a line with its name, "@name\n". What stands before the first of those is of
/// no known session: version 0.1.0 kept one list for all brokers.
[[nodiscard]] std::optional<Subscriptions> subscriptions_of(std::string_view text, std::string_view session);
/// The client identifiers of the sessions in `text`, the one used last first. A session is named "ID at
/// HOST:PORT" (mqtt/brokers.hpp).
[[nodiscard]] std::vector<std::string> client_ids_of(std::string_view text);
/// `text` with this list as the session's. It comes first; of the others as many stay, the last ones in use,
/// as `longest_bytes` has room for.
[[nodiscard]] std::string with_subscriptions(std::string_view text, std::string_view session,
                                             const Subscriptions& subscriptions, std::size_t longest_bytes);

/// Those of `wanted` that `kept` does not have, or with another QoS.
[[nodiscard]] Subscriptions difference(const Subscriptions& wanted, const Subscriptions& kept);

/// `kept`, and what it lacks of `wanted` as not answered yet.
[[nodiscard]] Subscriptions add_unanswered(Subscriptions kept, const Subscriptions& wanted);

/// All of `kept` as not answered.
[[nodiscard]] Subscriptions as_unanswered(Subscriptions kept);

/// The topic filters of `kept` that are not wanted at all.
[[nodiscard]] std::vector<std::string> filters_only_in(const Subscriptions& kept,
                                                       const Subscriptions& wanted);

}  // namespace mqtt_logger
