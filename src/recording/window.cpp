#include "window.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <span>
#include <utility>

namespace mqtt_logger {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{256} * 1024;

/// A message has at most 256 MiB (MQTT 5, section 2.1.4); escaped as JSON six times that.
constexpr std::size_t kMaximumBytes = std::size_t{1600} * 1024 * 1024;

}  // namespace

Window::Window(std::unique_ptr<ByteSource> source) : source_{std::move(source)} {
  grow();
}

// In proportion, so that looking at a long record again with each extension costs in proportion to its
// length.
void Window::grow() {
  const std::size_t size = std::max(kBlockBytes, size_ + size_ / 2);
  auto* const grown = static_cast<char*>(std::realloc(bytes_.get(), size));
  if (grown == nullptr) throw std::bad_alloc{};
  static_cast<void>(bytes_.release());  // realloc() has taken it
  bytes_.reset(grown);
  size_ = size;
}

bool Window::extend() {
  const std::size_t kept = end_ - begin_;
  if (begin_ > 0) std::memmove(bytes_.get(), bytes_.get() + begin_, kept);
  begin_ = 0;
  end_ = kept;
  if (end_ == size_) {
    if (size_ >= kMaximumBytes) throw ReadError{"a record longer than any message can be"};
    grow();
  }
  const std::size_t count = source_->read(std::span{bytes_.get(), size_}.subspan(end_));
  end_ += count;
  return count > 0;
}

}  // namespace mqtt_logger
