#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace mqtt_logger {

/// Where the text of a record goes as it grows. A record of usual size stays whole in its text. A long one is
/// handed on piece by piece, so that it never stands in memory as a whole: one byte of a payload may become
/// six in JSON.
class Pieces {
 public:
  using Take = std::function<void(std::string_view)>;

  /// So many bytes of a payload are encoded between two looks at the text; a multiple of three, so that
  /// Base64 needs no padding within.
  static constexpr std::size_t kStepBytes = std::size_t{48} * 1024;
  /// A piece has at least so many bytes.
  static constexpr std::size_t kPieceBytes = std::size_t{256} * 1024;

  /// Nothing is handed on.
  Pieces() = default;
  explicit Pieces(Take take) : take_{std::move(take)} {}

  /// Hands `text` on if it is long enough, and empties it then.
  void hand_on(std::string& text) const {
    if (text.size() < kPieceBytes || !take_) return;
    take_(text);
    text.clear();
  }

  /// Appends `bytes` to `text` by `append`, step by step.
  template <typename Append>
  void append(std::string& text, std::string_view bytes, Append append_step) const {
    while (bytes.size() > kStepBytes) {
      append_step(text, bytes.substr(0, kStepBytes));
      hand_on(text);
      bytes.remove_prefix(kStepBytes);
    }
    append_step(text, bytes);
    hand_on(text);
  }

 private:
  Take take_;
};

}  // namespace mqtt_logger
