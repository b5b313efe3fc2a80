#pragma once

#include "mqtt_logger/publish/outgoing_message.hpp"
#include "mqtt_logger/recording/record.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace mqtt_logger {

/// The properties that format/properties.hpp wrote as a JSON object; nothing if they are not of that kind.
[[nodiscard]] std::optional<PublishProperties> parse_properties(std::string_view json);

/// The message that a record is of, with `prefix` before its topic. Nothing if no broker would take it;
/// `fault` then says why, as a sentence.
[[nodiscard]] std::optional<OutgoingMessage> make_outgoing(const RecordedMessage& record,
                                                           const std::string& prefix, std::string& fault);

}  // namespace mqtt_logger
