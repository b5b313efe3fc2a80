#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace mqtt_logger {

/// What is wrong with the numbers that the messages of a topic carry, which should be one more each time.
///
/// Its memory is bounded: of so many gaps that are open at once the oldest is taken for lost, and a number
/// that then still comes, for a double.
class SequenceCheck {
 public:
  /// What is wrong with the next number, as a sentence. A number that starts over at 0 or 1 is a sender that
  /// was started again, and no fault.
  [[nodiscard]] std::optional<std::string> add(std::uint64_t number);

  [[nodiscard]] std::uint64_t missing() const noexcept { return missing_; }  ///< not come until now
  [[nodiscard]] std::uint64_t doubles() const noexcept { return doubles_; }
  [[nodiscard]] std::uint64_t disorder() const noexcept { return disorder_; }  ///< came late
  [[nodiscard]] std::uint64_t restarts() const noexcept { return restarts_; }

 private:
  struct Gap {
    std::uint64_t first = 0;
    std::uint64_t end = 0;
  };

  void open_gap(Gap gap) noexcept;
  [[nodiscard]] bool fill(std::uint64_t number) noexcept;

  static constexpr std::size_t kMaximumGaps = 16;
  std::array<Gap, kMaximumGaps> gaps_{};  ///< oldest first
  std::size_t gap_count_ = 0;
  std::uint64_t highest_ = 0;
  bool is_begun_ = false;
  std::uint64_t missing_ = 0;
  std::uint64_t doubles_ = 0;
  std::uint64_t disorder_ = 0;
  std::uint64_t restarts_ = 0;
};

}  // namespace mqtt_logger
