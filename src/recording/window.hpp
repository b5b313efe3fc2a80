#pragma once

#include "byte_source.hpp"

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <string_view>

namespace mqtt_logger {

/// The part of a file that is being looked at: as large as a block, or as one and a half of the longest
/// record.
///
/// Threads: one owner.
/// Errors:  extend() throws ReadError, also for a record longer than any logger writes; std::bad_alloc.
class Window {
 public:
  explicit Window(std::unique_ptr<ByteSource> source);

  /// What is not consumed. Valid until extend().
  [[nodiscard]] std::string_view text() const noexcept { return {bytes_.get() + begin_, end_ - begin_}; }
  /// Reads on behind the text; false at the end of the file.
  [[nodiscard]] bool extend();
  void consume(std::size_t count) noexcept { begin_ += count; }
  [[nodiscard]] std::uint64_t position() const noexcept { return source_->position(); }

 private:
  struct Free {
    void operator()(char* bytes) const noexcept { std::free(bytes); }
  };

  void grow();

  std::unique_ptr<ByteSource> source_;
  std::unique_ptr<char[], Free> bytes_;  // of malloc(), which need not copy what is large to make it larger
  std::size_t size_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace mqtt_logger
