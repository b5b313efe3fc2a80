#pragma once

#include <string_view>

namespace mqtt_logger {

/// Finds a line that is `q` or `Q`, white space after it allowed, in text that comes in pieces.
/// Needs no memory, however long a line is.
class QuitLine {
 public:
  /// Whether such a line ends in `piece`.
  [[nodiscard]] bool find(std::string_view piece) noexcept;

  /// Whether the text, if it ends here, ends in such a line without a line end.
  [[nodiscard]] bool is_complete() const noexcept { return seen_ == Seen::q; }

 private:
  enum class Seen { nothing, q, other };
  Seen seen_ = Seen::nothing;  // of the current line
};

}  // namespace mqtt_logger
