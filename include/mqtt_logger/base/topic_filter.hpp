#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mqtt_logger {

/// What is wrong with a topic filter, as the end of a sentence that says what would be right; nothing if it
/// is well formed (MQTT 5, sections 4.7 and 4.8.2).
[[nodiscard]] std::optional<std::string> find_topic_filter_fault(std::string_view filter);

/// Whether a topic name matches a well-formed topic filter (MQTT 5, section 4.7). Of a shared subscription
/// (`$share/group/filter`) the filter counts.
[[nodiscard]] bool matches_topic_filter(std::string_view filter, std::string_view topic) noexcept;

}  // namespace mqtt_logger
