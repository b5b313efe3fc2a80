#pragma once

#include "mqtt_logger/base/message.hpp"
#include "mqtt_logger/base/status.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace mqtt_logger {

/// A status as the running logger leaves it for `--status`: a line with a checksum, because a reader may come
/// while it is replaced, then JSON.
[[nodiscard]] std::string write_status(const Status& status);
/// Nothing if it is damaged or of a version that we do not understand.
[[nodiscard]] std::optional<Status> read_status(std::string_view text);

/// A status in words, for people; `now` shows its age.
[[nodiscard]] std::string describe(const Status& status, ReceiveTime now);

}  // namespace mqtt_logger
