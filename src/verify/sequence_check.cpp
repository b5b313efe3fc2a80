#include "sequence_check.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace mqtt_logger {

void SequenceCheck::open_gap(Gap gap) noexcept {
  if (gap_count_ == kMaximumGaps) {
    std::move(gaps_.begin() + 1, gaps_.end(), gaps_.begin());
    --gap_count_;
  }
  gaps_[gap_count_++] = gap;
}

/// Whether the number lies in a gap, which it then closes or cuts.
bool SequenceCheck::fill(std::uint64_t number) noexcept {
  const auto end = gaps_.begin() + static_cast<std::ptrdiff_t>(gap_count_);
  const auto gap = std::find_if(gaps_.begin(), end, [number](const Gap& candidate) {
    return candidate.first <= number && number < candidate.end;
  });
  if (gap == end) return false;
  const Gap behind{number + 1, gap->end};
  gap->end = number;
  if (gap->first == gap->end) {
    std::move(gap + 1, end, gap);
    --gap_count_;
  }
  if (behind.first < behind.end) open_gap(behind);
  return true;
}

std::optional<std::string> SequenceCheck::add(std::uint64_t number) {
  if (!is_begun_) {
    is_begun_ = true;
    highest_ = number;
    return std::nullopt;
  }
  const std::uint64_t before = highest_;
  if (number > before) {
    highest_ = number;
    if (number == before + 1) return std::nullopt;
    missing_ += number - before - 1;
    open_gap({before + 1, number});
    return number == before + 2
               ? fmt::format("number {} is missing before {}", before + 1, number)
               : fmt::format("numbers {} to {} are missing before {}", before + 1, number - 1, number);
  }
  if (fill(number)) {
    --missing_;
    ++disorder_;
    return fmt::format("number {} comes after {}", number, before);
  }
  if (number <= 1 && number < before) {
    ++restarts_;
    highest_ = number;
    gap_count_ = 0;
    return std::nullopt;
  }
  ++doubles_;
  return fmt::format("number {} comes once more", number);
}

}  // namespace mqtt_logger
