#include "mqtt_logger/format/timestamp.hpp"

#include <algorithm>

namespace mqtt_logger {
namespace {

using std::chrono::floor;
using std::chrono::microseconds;
using std::chrono::seconds;
using std::chrono::sys_days;

constexpr ReceiveTime kFirst = sys_days{std::chrono::year{1} / 1 / 1};
constexpr ReceiveTime kLast = sys_days{std::chrono::year{10000} / 1 / 1} - microseconds{1};

/// Writes `value` in `count` decimal digits.
void write_digits(char* at, int count, std::uint32_t value) noexcept {
  for (int i = count - 1; i >= 0; --i) {
    at[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
}

/// Writes date and time of day; the fraction stays as it is.
void write_second(char* at, std::chrono::sys_seconds second) noexcept {
  const sys_days day = floor<std::chrono::days>(second);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{second - day};
  write_digits(at + 0, 4, static_cast<std::uint32_t>(static_cast<int>(date.year())));
  write_digits(at + 5, 2, static_cast<unsigned>(date.month()));
  write_digits(at + 8, 2, static_cast<unsigned>(date.day()));
  write_digits(at + 11, 2, static_cast<std::uint32_t>(time.hours().count()));
  write_digits(at + 14, 2, static_cast<std::uint32_t>(time.minutes().count()));
  write_digits(at + 17, 2, static_cast<std::uint32_t>(time.seconds().count()));
}

}  // namespace

std::string_view TimestampFormatter::format(ReceiveTime time) noexcept {
  time = std::clamp(time, kFirst, kLast);
  const std::chrono::sys_seconds second = floor<seconds>(time);
  if (second != second_) {
    write_second(text_.data(), second);
    second_ = second;
  }
  write_digits(text_.data() + 20, 6, static_cast<std::uint32_t>((time - second).count()));
  return {text_.data(), text_.size()};
}

}  // namespace mqtt_logger
