#include "mqtt_logger/log/log.hpp"

#include "mqtt_logger/base/escape.hpp"
#include "mqtt_logger/base/timestamp.hpp"
#include "mqtt_logger/platform/log_output.hpp"

#include "log_queue.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <mutex>

namespace mqtt_logger::log {
namespace {

constexpr std::array<std::string_view, 4> kLevelNames{"error  ", "warning", "info   ", "debug  "};

LogLevel highest_level = LogLevel::info;  // set before the first thread starts, then only read

std::atomic<bool> is_system_log{false};

constexpr std::size_t kLongestLine = 8192;  // of what we say; what others say is cut where it is said
constexpr std::size_t kQueueBytes = std::size_t{1} << 20;
constexpr std::chrono::milliseconds kTimeout{2000};

// Set once, before the first thread starts; never destroyed, because threads may log until the process is
// gone.
LogQueue* queue = nullptr;

std::mutex fault_mutex;  // guards latest_fault
std::optional<LoggedLine> latest_fault;

ReceiveTime now() {
  return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
}

void remember(ReceiveTime time, std::string_view text) {
  const std::lock_guard lock{fault_mutex};
  latest_fault = LoggedLine{time, std::string{text}};
}

std::string make_line(ReceiveTime time, LogLevel level, std::string_view text) {
  std::string line;
  if (is_system_log) {
    append_escaped(line, text);  // that log knows time and level
  } else {
    append_line(line, time, level, text);
  }
  return line;
}

void write_out(LogLevel level, const std::string& line, LogTimeout timeout) {
  if (is_system_log) {
    write_to_system_log(level, line);
  } else {
    write_to_standard_error(line, timeout);
  }
}

}  // namespace

void start() {
  if (queue != nullptr) return;
  static auto* const made = new LogQueue{
      kQueueBytes,
      [](const LogQueue::Line& line) { write_out(line.level, line.text, LogTimeout::reader_and_room); },
      [](std::uint64_t count) {
        const std::string text = fmt::format(
            "{} log lines are missing here: nobody has read the log, or there was no room for it", count);
        return LogQueue::Line{LogLevel::warning, make_line(now(), LogLevel::warning, text)};
      }};
  queue = made;
  // What is on its way says most about an end that nobody expects.
  static const std::terminate_handler before = std::set_terminate([] {
    flush();
    before();
  });
}

void flush() noexcept {
  if (queue != nullptr) queue->flush(kTimeout);
}

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
    std::string cut;
    if (text.size() > kLongestLine) {
      cut = cut_at_character(text, kLongestLine) + "…";
      text = cut;
    }
    const ReceiveTime time = now();
    if (level <= LogLevel::warning) remember(time, text);
    std::string line = make_line(time, level, text);
    if (queue != nullptr) {
      queue->push({level, std::move(line)});
    } else {
      write_out(level, line, LogTimeout::reader);
    }
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
