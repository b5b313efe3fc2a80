#include "mqtt_logger/recording/progress.hpp"

#include "mqtt_logger/platform/standard_error.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>

namespace mqtt_logger {

Progress::Progress() : is_watched_{is_standard_error_terminal()} {}

bool Progress::is_due(std::uint32_t calls) noexcept {
  return is_watched_ && ++asked_ % calls == 0 && Clock::now() >= next_;
}

void Progress::show(std::string_view text) {
  if (!is_watched_) return;
  const std::string line = fmt::format("\r\x1B[K{}", text);
  std::fwrite(line.data(), 1, line.size(), stderr);
  is_shown_ = true;
  next_ = Clock::now() + std::chrono::milliseconds{200};
}

void Progress::clear() noexcept {
  if (is_shown_) std::fputs("\r\x1B[K", stderr);
  is_shown_ = false;
}

std::string describe_share(std::uint64_t done, std::uint64_t all) {
  constexpr double kBytesPerMegabyte = 1e6;
  const std::uint64_t percent = all == 0 ? 100 : std::min<std::uint64_t>(100, done / (all / 100 + 1));
  return fmt::format("{} % of {:.1f} MB", percent, static_cast<double>(all) / kBytesPerMegabyte);
}

std::string group_digits(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, 1, ',');
  return digits;
}

}  // namespace mqtt_logger
