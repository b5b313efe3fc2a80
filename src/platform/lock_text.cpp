#include "lock_text.hpp"

#include "mqtt_logger/platform/process.hpp"

#include <algorithm>
#include <charconv>

namespace mqtt_logger {

namespace {

constexpr std::string_view kStarted = "started ";  // of the second line; version 0.1.0 wrote none

std::string_view behind_line(std::string_view text) noexcept {
  const std::size_t end = text.find('\n');
  return end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
}

}  // namespace

std::string make_lock_begin(LockKind kind) {
  std::string line = std::to_string(process_id());
  line += '\n';
  if (kind == LockKind::output)
    line.append(kStarted).append(std::to_string(start_of_process(process_id()))).append("\n");
  return line;
}

std::uint64_t parse_process_id(std::string_view text) noexcept {
  std::uint64_t id = 0;
  std::from_chars(text.data(), text.data() + text.size(), id);
  return id;
}

std::uint64_t parse_process_start(std::string_view text) noexcept {
  const std::string_view rest = behind_line(text);
  return rest.starts_with(kStarted) ? parse_process_id(rest.substr(kStarted.size())) : 0;
}

bool is_lock_text(std::string_view text) noexcept {
  if (text.find_first_not_of('\0') == std::string_view::npos) return true;
  const std::size_t line_end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, line_end);
  if (line.empty() || line.find_first_not_of("0123456789 \r") != std::string_view::npos) return false;
  std::string_view published = text.substr(std::min(line_end + 1, text.size()));
  if (published.starts_with(kStarted)) published = behind_line(published);
  if (kStarted.starts_with(published)) return true;
  constexpr std::size_t kDigits = 16;  // of the checksum that what is published begins with
  const std::string_view checksum = published.substr(0, kDigits);
  return checksum.find_first_not_of("0123456789abcdef") == std::string_view::npos &&
         (published.size() <= kDigits || published[kDigits] == '\n');
}

LockReading parse_lock_text(std::string_view text, bool is_writers) {
  LockReading reading;
  reading.is_held = true;
  if (!is_writers) {
    reading.is_foreign = true;
    return reading;
  }
  reading.holder = parse_process_id(text);
  const std::string_view rest = behind_line(text);
  reading.text = rest.starts_with(kStarted) ? behind_line(rest) : rest;
  return reading;
}

std::error_code LockFile::keep(bool& was_missing) noexcept {
  was_missing = false;
  return {};
}

}  // namespace mqtt_logger
