#include "mqtt_logger/options/option_values.hpp"

#include <array>
#include <charconv>
#include <limits>

namespace mqtt_logger {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::array kDurationUnits{Unit{"d", 86'400'000}, Unit{"h", 3'600'000}, Unit{"m", 60'000},
                                    Unit{"s", 1'000}, Unit{"ms", 1}};

constexpr std::uint64_t kKibi = 1024;
constexpr std::uint64_t kKilo = 1000;
constexpr std::array kSizeUnits{Unit{"", 1},
                                Unit{"B", 1},
                                Unit{"K", kKibi},
                                Unit{"KiB", kKibi},
                                Unit{"kB", kKilo},
                                Unit{"KB", kKilo},
                                Unit{"M", kKibi* kKibi},
                                Unit{"MiB", kKibi* kKibi},
                                Unit{"MB", kKilo* kKilo},
                                Unit{"G", kKibi* kKibi* kKibi},
                                Unit{"GiB", kKibi* kKibi* kKibi},
                                Unit{"GB", kKilo* kKilo* kKilo},
                                Unit{"T", kKibi* kKibi* kKibi* kKibi},
                                Unit{"TiB", kKibi* kKibi* kKibi* kKibi},
                                Unit{"TB", kKilo* kKilo* kKilo* kKilo}};

constexpr std::string_view kNumberCharacters = "0123456789.";

/// Cuts the characters that `text` begins with and that a number can have.
std::string_view take_number(std::string_view& text) noexcept {
  const std::string_view number = text.substr(0, text.find_first_not_of(kNumberCharacters));
  text.remove_prefix(number.size());
  return number;
}

/// `number` (`12` or `12.5`) times `factor`; nothing unless that is a whole number that fits.
std::optional<std::uint64_t> scale(std::string_view number, std::uint64_t factor) noexcept {
  const std::size_t point = number.find('.');
  const auto whole = parse_number(number.substr(0, point));
  if (!whole || *whole > std::numeric_limits<std::uint64_t>::max() / factor) return std::nullopt;
  if (point == std::string_view::npos) return *whole * factor;

  std::string_view decimals = number.substr(point + 1);
  if (!parse_number(decimals)) return std::nullopt;
  // The decimals as a fraction parts / divisor, as long as parts × factor cannot overflow.
  std::uint64_t parts = 0;
  std::uint64_t divisor = 1;
  while (decimals.ends_with('0')) decimals.remove_suffix(1);
  for (const char digit : decimals) {
    if (divisor > std::numeric_limits<std::uint64_t>::max() / 10 / factor) return std::nullopt;
    divisor *= 10;
    parts = parts * 10 + static_cast<std::uint64_t>(digit - '0');
  }
  if (parts * factor % divisor != 0) return std::nullopt;
  const std::uint64_t fraction = parts * factor / divisor;
  if (fraction > std::numeric_limits<std::uint64_t>::max() - *whole * factor) return std::nullopt;
  return *whole * factor + fraction;
}

}  // namespace

std::optional<std::uint64_t> parse_number(std::string_view text) noexcept {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) noexcept {
  constexpr auto maximum = static_cast<std::uint64_t>(std::chrono::milliseconds::max().count());
  std::uint64_t total = 0;
  std::size_t next_unit = 0;  // from here on: each unit once, the largest first
  do {
    const std::string_view number = take_number(text);
    const std::string_view name = text.substr(0, text.find_first_of(kNumberCharacters));
    text.remove_prefix(name.size());
    std::uint64_t factor = 1'000;
    if (!name.empty() || next_unit != 0) {
      while (next_unit < kDurationUnits.size() && kDurationUnits[next_unit].name != name) ++next_unit;
      if (next_unit == kDurationUnits.size()) return std::nullopt;
      factor = kDurationUnits[next_unit++].factor;
    }
    const auto part = scale(number, factor);
    if (!part || *part > maximum - total) return std::nullopt;
    total += *part;
  } while (!text.empty());
  return std::chrono::milliseconds{static_cast<std::chrono::milliseconds::rep>(total)};
}

std::optional<std::uint64_t> parse_size(std::string_view text) noexcept {
  const std::string_view number = take_number(text);
  for (const Unit& unit : kSizeUnits) {
    if (unit.name == text) return scale(number, unit.factor);
  }
  return std::nullopt;
}

}  // namespace mqtt_logger
