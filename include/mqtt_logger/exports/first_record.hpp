#pragma once

#include "mqtt_logger/base/message.hpp"
#include "mqtt_logger/options/options.hpp"
#include "mqtt_logger/platform/file.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace mqtt_logger {

/// Reads as much of an export's beginning as tells whose it is.
[[nodiscard]] std::error_code read_beginning(File& file, bool is_compressed, std::string& text);

/// When the first record came in an export that begins with `text`; nothing if there is none of ours.
[[nodiscard]] std::optional<ReceiveTime> find_first_time(std::string_view text, Format format);

}  // namespace mqtt_logger
