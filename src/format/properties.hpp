#pragma once

#include "mqtt_logger/format/pieces.hpp"

#include <string>
#include <string_view>

namespace mqtt_logger {

/// Appends the properties of a PUBLISH, given as on the wire (MQTT 5, section 2.2.2, without the length), as
/// a JSON object with the specification's names in snake_case, in this order:
///
///     {"payload_format_indicator":1,"message_expiry_interval":60,"content_type":"text/plain",
///      "response_topic":"a/b","correlation_data":"<Base64>","user_properties":[["name","value"],…]}
///
/// User properties keep their order and repeats. Topic alias and subscription identifier belong to the
/// connection and are left out. Text that is not valid UTF-8 gets U+FFFD for each wrong sequence. Returns
/// false and appends nothing if nothing remains to write or the bytes are malformed, which includes a repeat
/// of what may stand only once. `pieces` takes what is long, but nothing if false is returned.
bool append_properties(std::string& out, std::string_view properties, const Pieces& pieces = {});

}  // namespace mqtt_logger
