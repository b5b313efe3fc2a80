#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mqtt_logger {

// Finds values in JSON texts without building anything, because a check of an export looks into each record.
// Values are cut out, not checked: is_portable_json() does that. Safe with any bytes.

/// The members of an object, one after the other.
class JsonMembers {
 public:
  /// `object` begins with the opening brace; what stands behind the closing one is `rest()`.
  explicit JsonMembers(std::string_view object) noexcept;

  /// False at the end, and where something is wrong.
  [[nodiscard]] bool next() noexcept;
  [[nodiscard]] std::string_view name() const noexcept { return name_; }    ///< with its quotes
  [[nodiscard]] std::string_view value() const noexcept { return value_; }  ///< as it stands there

  /// The same with the whitespace around it.
  [[nodiscard]] std::string_view padded_value() const noexcept { return padded_value_; }

  /// Whether the closing brace was found where it must be.
  [[nodiscard]] bool is_whole() const noexcept { return is_whole_; }
  [[nodiscard]] std::string_view rest() const noexcept { return rest_; }

 private:
  [[nodiscard]] bool take(char expected) noexcept;

  std::string_view rest_;
  std::string_view name_;
  std::string_view value_;
  std::string_view padded_value_;
  bool is_open_ = false;
  bool is_first_ = true;
  bool is_whole_ = false;
};

/// A JSON pointer (RFC 6901): `/a/0/b`; empty for the whole text.
class JsonPointer {
 public:
  /// Nothing if it is none.
  [[nodiscard]] static std::optional<JsonPointer> parse(std::string_view text);

  /// The value it points to, as it stands in `text`; nothing if there is none. Of members with the same name,
  /// the last one.
  [[nodiscard]] std::optional<std::string_view> find_in(std::string_view text) const;

  bool operator==(const JsonPointer&) const = default;

 private:
  std::vector<std::string> tokens_;
};

}  // namespace mqtt_logger
