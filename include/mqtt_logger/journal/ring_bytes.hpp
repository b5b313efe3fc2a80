#pragma once

#include "mqtt_logger/journal/record.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace mqtt_logger {

/// Counts bytes since the journal was made; only grows. Its place in the ring is position modulo size.
using Position = std::uint64_t;

/// The ring's memory, addressed by position. Its size is a power of two.
class RingBytes {
 public:
  explicit RingBytes(std::span<std::byte> bytes) noexcept : bytes_{bytes} {}

  [[nodiscard]] std::uint64_t size() const noexcept { return bytes_.size(); }
  [[nodiscard]] std::byte* at(Position position) const noexcept {
    return bytes_.data() + (position & (bytes_.size() - 1));
  }
  /// Bytes from `position` to the end of the ring's memory, where a record has to end.
  [[nodiscard]] std::uint64_t room_at(Position position) const noexcept {
    return bytes_.size() - (position & (bytes_.size() - 1));
  }

 private:
  std::span<std::byte> bytes_;
};

}  // namespace mqtt_logger
