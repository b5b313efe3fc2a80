#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace mqtt_logger {

/// Eight bytes looked at in one step, because every byte of every message is. The first byte is the lowest.
///
/// The questions answer with marks: bits of which the lowest stands in the first byte that is meant. Marks
/// above it may be false, so only "is there any" and "which is the first" can be asked.
class SwarWord {
 public:
  static constexpr std::size_t kSize = 8;

  explicit SwarWord(const char* bytes) noexcept {
    std::memcpy(&word_, bytes, kSize);  // any alignment; compiles to one load
    if constexpr (std::endian::native == std::endian::big) {
      std::uint64_t reversed = 0;
      for (std::size_t i = 0; i < kSize; ++i) reversed = reversed << 8 | (word_ >> 8 * i & 0xFF);
      word_ = reversed;
    }
  }

  [[nodiscard]] std::uint64_t mark_non_ascii() const noexcept { return word_ & kEveryHighBit; }

  /// Bytes below `limit`, which is at most 0x80.
  [[nodiscard]] std::uint64_t mark_below(std::uint8_t limit) const noexcept {
    return mark_below(word_, limit);
  }

  [[nodiscard]] std::uint64_t mark(char byte) const noexcept {
    return mark_below(word_ ^ kEveryByte * static_cast<std::uint8_t>(byte), 1);
  }

  [[nodiscard]] static std::size_t find_first(std::uint64_t marks) noexcept {
    return static_cast<std::size_t>(std::countr_zero(marks)) / 8;
  }

 private:
  static constexpr std::uint64_t kEveryByte = 0x0101010101010101;
  static constexpr std::uint64_t kEveryHighBit = kEveryByte * 0x80;

  /// The subtraction takes the high bit from a byte below `limit`; what it borrows can only mark bytes above
  /// that one.
  static std::uint64_t mark_below(std::uint64_t word, std::uint8_t limit) noexcept {
    return (word - kEveryByte * limit) & ~word & kEveryHighBit;
  }

  std::uint64_t word_ = 0;
};

}  // namespace mqtt_logger
