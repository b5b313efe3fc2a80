#include "mqtt_logger/base/timestamp.hpp"

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

/// The number that stands in `count` decimal digits; adds to `faults` where there are others.
std::uint32_t read_digits(const char* at, int count, unsigned& faults) noexcept {
  std::uint32_t value = 0;
  for (int i = 0; i < count; ++i) {
    const auto digit = static_cast<std::uint32_t>(static_cast<unsigned char>(at[i])) - '0';
    faults += digit > 9 ? 1 : 0;
    value = value * 10 + digit;
  }
  return value;
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

std::optional<ReceiveTime> parse_timestamp(std::string_view text) noexcept {
  constexpr std::string_view kSeparators = "    -  -  T  :  :  .      Z";
  if (text.size() != kSeparators.size()) return std::nullopt;
  for (const std::size_t at : {4U, 7U, 10U, 13U, 16U, 19U, 26U}) {
    if (text[at] != kSeparators[at]) return std::nullopt;
  }
  unsigned faults = 0;
  const auto read = [&](std::size_t at, int count) { return read_digits(text.data() + at, count, faults); };
  const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(read(0, 4))},
                                         std::chrono::month{read(5, 2)}, std::chrono::day{read(8, 2)}};
  const std::uint32_t hour = read(11, 2);
  const std::uint32_t minute = read(14, 2);
  const std::uint32_t second = read(17, 2);
  const std::uint32_t fraction = read(20, 6);
  if (faults != 0 || !date.ok() || date.year() < std::chrono::year{1} || hour > 23 || minute > 59 ||
      second > 59)
    return std::nullopt;
  return sys_days{date} + std::chrono::hours{hour} + std::chrono::minutes{minute} + seconds{second} +
         microseconds{fraction};
}

}  // namespace mqtt_logger
