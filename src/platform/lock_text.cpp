#include "lock_text.hpp"

#include "mqtt_logger/platform/process.hpp"

#include <algorithm>
#include <charconv>

namespace mqtt_logger {

std::string make_lock_line() {
  return std::to_string(process_id()) + '\n';
}

std::uint64_t parse_process_id(std::string_view text) noexcept {
  std::uint64_t id = 0;
  std::from_chars(text.data(), text.data() + text.size(), id);
  return id;
}

LockReading parse_lock_text(std::string_view text) {
  const std::size_t line_end = std::min(text.find('\n'), text.size());
  LockReading reading;
  reading.is_held = true;
  reading.holder = parse_process_id(text);
  if (line_end < text.size()) reading.text = text.substr(line_end + 1);
  return reading;
}

}  // namespace mqtt_logger
