#pragma once

#include "mqtt_logger/message.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace mqtt_logger {

enum class LogLevel : std::uint8_t { error, warning, info, debug };

/// Something that was said in the log.
struct LoggedLine {
  ReceiveTime time;
  std::string text;

  bool operator==(const LoggedLine&) const = default;
};

/// The log: standard error or the system's log, one event a line, each line begun with its RFC 3339 time and
/// level.
///
/// Threads: any; a line is written by one system call, so lines never mix.
namespace log {

/// Lines above this level are left out. Call before the first thread starts.
void set_level(LogLevel level) noexcept;
[[nodiscard]] bool is_enabled(LogLevel level) noexcept;

/// From now on the log goes to the system's log, or again to standard error. Call before the first thread
/// starts.
void use_system_log(bool is_used) noexcept;

/// Writes one line. Line breaks and other control characters in `text` are written as \xHH: what a broker
/// or a payload contains can never look like a log line of ours.
void write(LogLevel level, std::string_view text) noexcept;

/// The last warning or error; nothing if there was none.
[[nodiscard]] std::optional<LoggedLine> last_fault();

/// Appends the line that write() would write at `time`, with its line end.
void append_line(std::string& out, ReceiveTime time, LogLevel level, std::string_view text);

template <typename... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
  if (is_enabled(LogLevel::error)) write(LogLevel::error, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void warning(fmt::format_string<Args...> format, Args&&... args) {
  if (is_enabled(LogLevel::warning))
    write(LogLevel::warning, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  if (is_enabled(LogLevel::info)) write(LogLevel::info, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
  if (is_enabled(LogLevel::debug)) write(LogLevel::debug, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace log
}  // namespace mqtt_logger
