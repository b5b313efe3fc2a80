#pragma once

#include "mqtt_logger/base/message.hpp"

#include <array>
#include <chrono>
#include <optional>
#include <string_view>

namespace mqtt_logger {

/// Formats times as RFC 3339 in UTC with microseconds: `2026-11-20T15:36:01.123456Z`.
///
/// Keeps the text of the last second, because consecutive messages mostly share it. Years outside 0001 to
/// 9999 (a broken clock) are held at the nearest time that RFC 3339 can write.
class TimestampFormatter {
 public:
  /// The view is valid until the next call.
  [[nodiscard]] std::string_view format(ReceiveTime time) noexcept;

 private:
  std::array<char, 27> text_{'1', '9', '7', '0', '-', '0', '1', '-', '0', '1', 'T', '0', '0', ':',
                             '0', '0', ':', '0', '0', '.', '0', '0', '0', '0', '0', '0', 'Z'};
  std::chrono::sys_seconds second_{};  // the second that text_ shows
};

/// The time that TimestampFormatter writes as `text`; nothing if it would not write that.
[[nodiscard]] std::optional<ReceiveTime> parse_timestamp(std::string_view text) noexcept;

}  // namespace mqtt_logger
