#pragma once

#include "mqtt_logger/base/log_level.hpp"

#include <fmt/core.h>

#include <optional>
#include <string>
#include <string_view>

namespace mqtt_logger {

/// The log: standard error or the system's log, one event a line, each line begun with its RFC 3339 time and
/// level.
///
/// Threads: any; a line is written by one system call, so lines never mix. Once start() was called, write()
///          never waits for whoever reads them.
namespace log {

/// From now on lines are written by a thread of their own (LogQueue). After the last fork(). Throws
/// std::system_error.
void start();
/// Waits until what was logged is written, as long as somebody reads it: before the process ends, and before
/// the log is given another file.
void flush() noexcept;

/// Lines above this level are left out. Call before the first thread starts.
void set_level(LogLevel level) noexcept;
[[nodiscard]] bool is_enabled(LogLevel level) noexcept;

/// From now on the log goes to the system's log, or again to standard error.
void use_system_log(bool is_used) noexcept;

/// Writes one line, or the begin of one that is longer than 8 KiB. Line breaks and other control characters
/// in `text` are written as \xHH: what a broker or a payload contains can never look like a log line of ours.
void write(LogLevel level, std::string_view text) noexcept;

/// The last warning or error; nothing if there was none.
[[nodiscard]] std::optional<LoggedLine> last_fault();

/// Appends the line that write() would write at `time`, with its line end.
void append_line(std::string& out, ReceiveTime time, LogLevel level, std::string_view text);

/// The same, formatted if the level is enabled. What it takes to format is in log.cpp alone.
void write_formatted(LogLevel level, fmt::string_view format, fmt::format_args arguments);

template <typename... Args>
void error(fmt::format_string<Args...> format, const Args&... args) {
  write_formatted(LogLevel::error, format, fmt::make_format_args(args...));
}
template <typename... Args>
void warning(fmt::format_string<Args...> format, const Args&... args) {
  write_formatted(LogLevel::warning, format, fmt::make_format_args(args...));
}
template <typename... Args>
void info(fmt::format_string<Args...> format, const Args&... args) {
  write_formatted(LogLevel::info, format, fmt::make_format_args(args...));
}
template <typename... Args>
void debug(fmt::format_string<Args...> format, const Args&... args) {
  write_formatted(LogLevel::debug, format, fmt::make_format_args(args...));
}

}  // namespace log
}  // namespace mqtt_logger
