#include "config_file.hpp"

#include "mqtt_logger/base/utf8.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>

namespace mqtt_logger {
namespace {

constexpr std::string_view kDecimalDigits = "0123456789";
constexpr std::string_view kKeyCharacters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
constexpr std::string_view kWordEnds = " \t\n,]#";

/// TOML's decimal integers and floats; what does not fit an option is found out there.
bool is_number(std::string_view word) noexcept {
  if (word.starts_with('+') || word.starts_with('-')) word.remove_prefix(1);
  const std::size_t point = std::min(word.find('.'), word.size());
  const auto has_digits_only = [](std::string_view part) {
    return !part.empty() && part.find_first_not_of(kDecimalDigits) == std::string_view::npos;
  };
  return has_digits_only(word.substr(0, point)) &&
         (point == word.size() || has_digits_only(word.substr(point + 1)));
}

/// One pass over the text; throws ConfigFault at the first thing that is wrong.
class ConfigReader {
 public:
  explicit ConfigReader(std::string_view text) : rest_{text} {}

  std::vector<ConfigEntry> read() {
    std::vector<ConfigEntry> entries;
    skip_blank_lines();
    while (!rest_.empty()) {
      ConfigEntry entry = read_entry();
      const auto same = std::find_if(entries.begin(), entries.end(),
                                     [&entry](const ConfigEntry& other) { return other.key == entry.key; });
      if (same != entries.end()) {
        throw ConfigFault{entry.line,
                          fmt::format("{}: is set twice, first in line {}", entry.key, same->line)};
      }
      entries.push_back(std::move(entry));
      skip_blank_lines();
    }
    return entries;
  }

 private:
  ConfigEntry read_entry() {
    if (next() == '[') fail("[: must be KEY = VALUE; there are no sections");
    ConfigEntry entry;
    entry.line = line_;
    entry.key = take(std::min(rest_.find_first_not_of(kKeyCharacters), rest_.size()));
    key_ = entry.key;
    skip_spaces();
    if (entry.key.empty() || next() != '=') fail("must be KEY = VALUE, such as qos = 1");
    take(1);
    skip_spaces();
    if (next() == '[') {
      read_array(entry.values);
    } else {
      entry.values.push_back(read_value());
    }
    skip_spaces();
    if (next() != '\n' && next() != '#' && !rest_.empty())
      fail_value("must be one value, then the end of the line");
    return entry;
  }

  void read_array(std::vector<std::string>& values) {
    take(1);
    skip_blank_lines();
    while (next() != ']') {
      if (next() == '[') fail_value("must not be an array within an array");
      values.push_back(read_value());
      skip_blank_lines();
      if (next() != ',' && next() != ']') fail_value("must have a comma between its values and ] at its end");
      if (next() == ',') take(1);
      skip_blank_lines();
    }
    take(1);
  }

  std::string read_value() {
    if (rest_.starts_with("\"\"\"") || rest_.starts_with("'''")) fail_value("must be a string in one line");
    if (next() == '"') return read_basic_string();
    if (next() == '\'') return read_literal_string();
    std::string word{take(std::min(rest_.find_first_of(kWordEnds), rest_.size()))};
    if (word.empty()) fail_value("must have a value after the = sign");
    if (word != "true" && word != "false" && !is_number(word)) fail_value("must have its value in quotes");
    return word;
  }

  std::string read_literal_string() {
    take(1);
    const std::size_t end = rest_.find_first_of("'\n");
    if (end == std::string_view::npos || rest_[end] == '\n')
      fail_value("must have a quote at the end of its value");
    std::string text{take(end)};
    take(1);
    return text;
  }

  std::string read_basic_string() {
    take(1);
    std::string text;
    while (next() != '"') {
      if (rest_.empty() || next() == '\n') fail_value("must have a quote at the end of its value");
      const std::size_t end = std::min(rest_.find_first_of("\"\\\n"), rest_.size());
      text += take(end);
      if (next() == '\\') text += read_escape();
    }
    take(1);
    return text;
  }

  std::string read_escape() {
    constexpr std::string_view letters = "btnfr\"\\";
    constexpr std::string_view meanings = "\b\t\n\f\r\"\\";
    take(1);
    const char letter = next();
    if (letter == 'u' || letter == 'U') return read_code_point(letter == 'u' ? 4 : 8);
    const std::size_t index = letters.find(letter);
    if (index == std::string_view::npos)
      fail_value("must have \\\\ for a backslash, or '…' around its value");
    take(1);
    return std::string{meanings[index]};
  }

  std::string read_code_point(std::size_t digit_count) {
    take(1);
    std::uint32_t code_point = 0;
    const std::string_view digits = rest_.substr(0, digit_count);
    for (const char digit : digits) {
      const std::size_t number = std::string_view{"0123456789abcdef0123456789ABCDEF"}.find(digit);
      if (number == std::string_view::npos) fail_value("must have hexadecimal digits after \\u");
      code_point = code_point << 4 | static_cast<std::uint32_t>(number % 16);
    }
    std::string text;
    append_utf8(text, code_point);
    if (digits.size() < digit_count || code_point > 0x10FFFF || !is_valid_utf8(text)) {
      fail_value("must have a Unicode character after \\u");
    }
    take(digit_count);
    return text;
  }

  /// Spaces, comments and line ends.
  void skip_blank_lines() {
    while (true) {
      skip_spaces();
      if (next() == '#') take(std::min(rest_.find('\n'), rest_.size()));
      if (next() != '\n') return;
      take(1);
      ++line_;
    }
  }

  void skip_spaces() { take(std::min(rest_.find_first_not_of(" \t"), rest_.size())); }

  std::string_view take(std::size_t size) noexcept {
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(taken.size());
    return taken;
  }

  /// NUL at the end; the text itself contains none.
  [[nodiscard]] char next() const noexcept { return rest_.empty() ? '\0' : rest_.front(); }

  [[noreturn]] void fail(std::string_view what) const { throw ConfigFault{line_, std::string{what}}; }
  [[noreturn]] void fail_value(std::string_view what) const { fail(fmt::format("{}: {}", key_, what)); }

  std::string_view rest_;
  std::size_t line_ = 1;
  std::string key_;  // of the entry that is being read
};

/// Line ends become LF. Nothing is left that could not stand in a TOML file, apart from TOML's own grammar.
std::variant<std::string, ConfigFault> normalise(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF"))
    text.remove_prefix(3);  // some Windows editors begin files with U+FEFF
  std::string normal;
  normal.reserve(text.size());
  std::size_t line = 1;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char character = text[i];
    if (character == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    const auto byte = static_cast<unsigned char>(character);
    if ((byte < 0x20 && character != '\t' && character != '\n') || byte == 0x7F) {
      return ConfigFault{line, "must not contain control characters"};
    }
    normal += character;
    if (character == '\n') ++line;
  }
  if (!is_valid_utf8(normal)) return ConfigFault{1, "the file must be UTF-8"};
  return normal;
}

}  // namespace

std::variant<std::vector<ConfigEntry>, ConfigFault> parse_config(std::string_view text) {
  const auto normal = normalise(text);
  if (const auto* fault = std::get_if<ConfigFault>(&normal)) return *fault;
  try {
    return ConfigReader{std::get<std::string>(normal)}.read();
  } catch (const ConfigFault& fault) {
    return fault;
  }
}

}  // namespace mqtt_logger
