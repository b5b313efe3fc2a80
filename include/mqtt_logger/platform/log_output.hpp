#pragma once

#include "mqtt_logger/base/log_level.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

namespace mqtt_logger {

/// From now on standard error is this file, which is made or appended to: not only our log, but whatever a
/// library or the system says when we die. Again: the file is opened again (it was moved away). Any thread
/// may log meanwhile.
[[nodiscard]] std::error_code redirect_standard_error(const std::filesystem::path& path) noexcept;

/// Whether somebody has deleted the file that standard error is, so that nobody can read what comes. False
/// where nobody can, and for a file that was moved.
[[nodiscard]] bool is_standard_error_deleted() noexcept;

/// What a line waits for: always for somebody who reads it.
enum class LogTimeout : std::uint8_t { reader, reader_and_room };

/// A line to what standard error is now, by one call of the system, so that lines never mix. Any thread.
/// With `reader_and_room`, a file that cannot be written to (a full disk, a limit on its size) is tried again
/// until it can; else the line, or the rest of it, is lost.
void write_to_standard_error(std::string_view line, LogTimeout timeout = LogTimeout::reader) noexcept;

/// A line to what standard error was before the first redirect_standard_error(), if that was called. Not
/// waiting for whoever does not read it.
void write_to_former_standard_error(std::string_view line) noexcept;

/// A line into the system's log: syslog; on Windows the event log.
void write_to_system_log(LogLevel level, const std::string& line) noexcept;

/// So many lines more, or fewer, are on their way to the log.
void note_unwritten_log_lines(int change) noexcept;
/// Gives the threads that write them a moment: for a handler of a signal that ends the process.
void wait_for_unwritten_log_lines() noexcept;

}  // namespace mqtt_logger
