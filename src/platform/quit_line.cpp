#include "quit_line.hpp"

#include <utility>

namespace mqtt_logger {
namespace {

bool is_white_space(char c) noexcept {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

}  // namespace

bool QuitLine::find(std::string_view piece) noexcept {
  for (const char c : piece) {
    if (c == '\n') {
      if (std::exchange(seen_, Seen::nothing) == Seen::q) return true;
    } else if (seen_ == Seen::nothing && (c == 'q' || c == 'Q')) {
      seen_ = Seen::q;
    } else if (seen_ != Seen::q || !is_white_space(c)) {
      seen_ = Seen::other;
    }
  }
  return false;
}

}  // namespace mqtt_logger
