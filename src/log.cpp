#include "mqtt_logger/log.hpp"

#include "mqtt_logger/escape.hpp"
#include "mqtt_logger/format/timestamp.hpp"
#include "mqtt_logger/platform/log_output.hpp"

#include <array>
#include <chrono>
#include <cstdio>
#include <mutex>

namespace mqtt_logger::log {
namespace {

constexpr std::array<std::string_view, 4> kLevelNames{"error  ", "warning", "info   ", "debug  "};

LogLevel highest_level = LogLevel::info;  // set before the first thread starts, then only read

bool is_system_log = false;  // likewise

std::mutex fault_mutex;  // guards latest_fault
std::optional<LoggedLine> latest_fault;

void remember(ReceiveTime time, std::string_view text) {
  const std::lock_guard lock{fault_mutex};
  latest_fault = LoggedLine{time, std::string{text}};
}

}  // namespace

void set_level(LogLevel level) noexcept {
  highest_level = level;
}

bool is_enabled(LogLevel level) noexcept {
  return level <= highest_level;
}

void append_line(std::string& out, ReceiveTime time, LogLevel level, std::string_view text) {
  TimestampFormatter timestamps;
  out += timestamps.format(time);
  out += ' ';
  out += kLevelNames[static_cast<std::size_t>(level)];
  out += ' ';
  append_escaped(out, text);
  out += '\n';
}

void write(LogLevel level, std::string_view text) noexcept {
  if (!is_enabled(level)) return;
  try {
    std::string line;
    const auto now = std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
    if (level <= LogLevel::warning) remember(now, text);
    if (is_system_log) {
      append_escaped(line, text);  // that log knows time and level
      write_to_system_log(level, line);
      return;
    }
    append_line(line, now, level, text);
    write_to_standard_error(line);
  } catch (...) {
    write_to_standard_error("mqtt-logger: no memory for a log line\n");
  }
}

void write_formatted(LogLevel level, fmt::string_view format, fmt::format_args arguments) {
  if (is_enabled(level)) write(level, fmt::vformat(format, arguments));
}

void use_system_log(bool is_used) noexcept {
  is_system_log = is_used;
}

std::optional<LoggedLine> last_fault() {
  const std::lock_guard lock{fault_mutex};
  return latest_fault;
}

}  // namespace mqtt_logger::log
