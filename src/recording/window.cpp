#include "mqtt_logger/recording/window.hpp"

#include <cstring>

namespace mqtt_logger {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{256} * 1024;

/// A message has at most 256 MiB (MQTT 5, section 2.1.4); escaped as JSON hardly more than four times that.
constexpr std::size_t kMaximumBytes = std::size_t{1024} * 1024 * 1024;

}  // namespace

Window::Window(std::unique_ptr<ByteSource> source) : source_{std::move(source)}, bytes_(kBlockBytes) {}

bool Window::extend() {
  const std::size_t kept = end_ - begin_;
  if (begin_ > 0) std::memmove(bytes_.data(), bytes_.data() + begin_, kept);
  begin_ = 0;
  end_ = kept;
  if (end_ == bytes_.size()) {
    if (bytes_.size() >= kMaximumBytes) throw ReadError{"a record longer than any message can be"};
    // Doubled, so that looking at a long record again with each extension costs in proportion to its length.
    bytes_.resize(2 * bytes_.size());
  }
  const std::size_t count = source_->read(std::span{bytes_}.subspan(end_));
  end_ += count;
  return count > 0;
}

}  // namespace mqtt_logger
