#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>

namespace mqtt_logger {

/// Bytes on their way from one socket to another: a fixed amount of memory, at one end of which they are put
/// while they are taken at the other.
///
/// Threads: one. What free_space() and content() return stays where it is until commit() and consume().
class ByteRing {
 public:
  explicit ByteRing(std::size_t capacity)
      : capacity_{capacity}, memory_{std::make_unique_for_overwrite<char[]>(capacity)} {}

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool is_empty() const noexcept { return size_ == 0; }

  /// Where bytes can be put, in one piece; empty if there is no room.
  [[nodiscard]] std::span<char> free_space() noexcept {
    const std::size_t begin = (begin_ + size_) % capacity_;
    return {&memory_[begin], std::min(capacity_ - size_, capacity_ - begin)};
  }
  /// So many were put there.
  void commit(std::size_t count) noexcept { size_ += count; }

  /// The oldest bytes, in one piece; empty if there are none.
  [[nodiscard]] std::span<const char> content() const noexcept {
    return {&memory_[begin_], std::min(size_, capacity_ - begin_)};
  }
  /// So many of them were taken.
  void consume(std::size_t count) noexcept {
    begin_ = (begin_ + count) % capacity_;
    size_ -= count;
  }

 private:
  std::size_t capacity_;
  std::unique_ptr<char[]> memory_;
  std::size_t begin_ = 0;
  std::size_t size_ = 0;
};

}  // namespace mqtt_logger
