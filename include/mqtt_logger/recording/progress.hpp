#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace mqtt_logger {

/// One line on standard error that tells how far a long action is; nothing where nobody looks.
///
/// Threads: one owner.
class Progress {
 public:
  Progress();
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Whether it is time for a new line. Cheap enough to ask for each record: looks at the clock once in so
  /// many calls.
  [[nodiscard]] bool is_due(std::uint32_t calls = 1024) noexcept;
  void show(std::string_view text);
  /// Takes the line away, so that something else can be printed in its place.
  void clear() noexcept;

 private:
  using Clock = std::chrono::steady_clock;

  bool is_watched_;
  bool is_shown_ = false;
  std::uint32_t asked_ = 0;
  Clock::time_point next_ = Clock::now() + std::chrono::milliseconds{500};
};

/// "37 % of 2.1 GB"
[[nodiscard]] std::string describe_share(std::uint64_t done, std::uint64_t all);

/// With separators: "1,234,567".
[[nodiscard]] std::string group_digits(std::uint64_t number);

}  // namespace mqtt_logger
