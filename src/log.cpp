#include "mqtt_logger/log.hpp"

#include "mqtt_logger/escape.hpp"
#include "mqtt_logger/format/timestamp.hpp"

#include <array>
#include <chrono>
#include <cstdio>

namespace mqtt_logger::log {
namespace {

constexpr std::array<std::string_view, 4> kLevelNames{"error  ", "warning", "info   ", "debug  "};

LogLevel highest_level = LogLevel::info;  // set before the first thread starts, then only read

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
    append_line(line, std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now()), level,
                text);
    // Standard error has no buffer of its own, so the whole line goes out at once.
    std::fwrite(line.data(), 1, line.size(), stderr);
  } catch (...) {
    std::fputs("mqtt-logger: no memory for a log line\n", stderr);
  }
}

}  // namespace mqtt_logger::log
