#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace mqtt_logger {

/// One `key = value` of a configuration file. Numbers, `true` and `false` are values as they are spelled.
struct ConfigEntry {
  std::size_t line = 0;  ///< of the key, the first is 1
  std::string key;
  std::vector<std::string> values;  ///< one, or the elements of an array

  bool operator==(const ConfigEntry&) const = default;
};

/// What is wrong with a configuration file, as a sentence about `line`.
struct ConfigFault {
  std::size_t line = 0;
  std::string what;

  bool operator==(const ConfigFault&) const = default;
};

/// Reads the part of TOML 1.0 that flat options need: comments, bare keys, strings in one line ("…" and '…'),
/// numbers, booleans and arrays of these. Keeps the order; a key that stands twice is a fault.
///
/// CLI11 has a reader too, but that of version 2.1 takes the # of "sensors/#" for a comment.
[[nodiscard]] std::variant<std::vector<ConfigEntry>, ConfigFault> parse_config(std::string_view text);

}  // namespace mqtt_logger
