#include "mqtt_logger/format/json_scanner.hpp"

#include "mqtt_logger/base/utf8.hpp"
#include "mqtt_logger/format/decoding.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace mqtt_logger {
namespace {

constexpr std::size_t kNone = std::string_view::npos;

// By hand, because the library's searches for one of several characters call a function for each one they
// look at, which took a quarter of the time of a check.
constexpr bool is_whitespace(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

void skip_whitespace(std::string_view& rest) noexcept {
  std::size_t count = 0;
  while (count < rest.size() && is_whitespace(rest[count])) ++count;
  rest.remove_prefix(count);
}

std::size_t measure_word(std::string_view text) noexcept {
  std::size_t at = 0;
  while (at < text.size() && text[at] != ',' && text[at] != ']' && text[at] != '}' &&
         !is_whitespace(text[at]))
    ++at;
  return at;
}

/// How long the string is that `text` begins with.
std::size_t measure_string(std::string_view text) noexcept {
  if (!text.starts_with('"')) return kNone;
  for (std::size_t at = find_json_special(text, 1); at < text.size(); at = find_json_special(text, at)) {
    if (text[at] == '"') return at + 1;
    if (text[at] != '\\' || at + 2 > text.size()) return kNone;
    at = std::min(at + 2, text.size());
  }
  return kNone;
}

std::size_t measure_container(std::string_view text) noexcept {
  std::size_t depth = 0;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '"') {
      const std::size_t length = measure_string(text.substr(at));
      if (length == kNone) return kNone;
      at += length;
      continue;
    }
    ++at;
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && --depth == 0) return at;
  }
  return kNone;
}

/// Takes the value off the front that `rest` begins with; empty if there is none.
std::string_view take_value(std::string_view& rest) noexcept {
  std::size_t length = kNone;
  if (rest.starts_with('"')) {
    length = measure_string(rest);
  } else if (rest.starts_with('{') || rest.starts_with('[')) {
    length = measure_container(rest);
  } else {
    length = measure_word(rest);
  }
  if (length == kNone) return {};
  const std::string_view value = rest.substr(0, length);
  rest.remove_prefix(length);
  return value;
}

bool is_named(std::string_view literal, std::string_view name) {
  const std::string_view inside = literal.substr(1, literal.size() - 2);
  if (inside.find('\\') == kNone) return inside == name;
  std::string decoded;
  return append_decoded_json_string(decoded, literal) && decoded == name;
}

// The last one of the name, as nearly all readers do.
std::optional<std::string_view> find_member(std::string_view object, std::string_view name) {
  std::optional<std::string_view> found;
  JsonMembers members{object};
  while (members.next()) {
    if (is_named(members.name(), name)) found = members.value();
  }
  return found;
}

std::optional<std::string_view> find_element(std::string_view array, std::string_view token) {
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
  const bool has_leading_zero = token.size() > 1 && token.starts_with('0');
  if (error != std::errc{} || end != token.data() + token.size() || has_leading_zero) return std::nullopt;
  for (std::string_view rest = array.substr(1);; --index) {
    skip_whitespace(rest);
    const std::string_view value = take_value(rest);
    if (value.empty()) return std::nullopt;
    if (index == 0) return value;
    skip_whitespace(rest);
    if (!rest.starts_with(',')) return std::nullopt;
    rest.remove_prefix(1);
  }
}

}  // namespace

JsonMembers::JsonMembers(std::string_view object) noexcept : rest_{object} {
  is_open_ = take('{');
}

bool JsonMembers::take(char expected) noexcept {
  skip_whitespace(rest_);
  if (!rest_.starts_with(expected)) return false;
  rest_.remove_prefix(1);
  return true;
}

bool JsonMembers::next() noexcept {
  if (!is_open_) return false;
  is_open_ = false;
  if (take('}')) {
    is_whole_ = true;
    return false;
  }
  if (!is_first_ && !take(',')) return false;
  is_first_ = false;
  skip_whitespace(rest_);
  const std::size_t name_length = measure_string(rest_);
  if (name_length == kNone) return false;
  name_ = rest_.substr(0, name_length);
  rest_.remove_prefix(name_length);
  if (!take(':')) return false;
  const std::string_view padded = rest_;
  skip_whitespace(rest_);
  value_ = take_value(rest_);
  skip_whitespace(rest_);
  padded_value_ = padded.substr(0, padded.size() - rest_.size());
  is_open_ = !value_.empty();
  return is_open_;
}

std::optional<JsonPointer> JsonPointer::parse(std::string_view text) {
  JsonPointer pointer;
  if (text.empty()) return pointer;
  if (!text.starts_with('/')) return std::nullopt;
  for (const char c : text) {
    if (c == '/')
      pointer.tokens_.emplace_back();
    else
      pointer.tokens_.back() += c;
  }
  for (std::string& token : pointer.tokens_) {
    std::string plain;
    for (std::size_t i = 0; i < token.size(); ++i) {
      if (token[i] != '~') {
        plain += token[i];
        continue;
      }
      ++i;
      if (i == token.size() || (token[i] != '0' && token[i] != '1')) return std::nullopt;
      plain += token[i] == '0' ? '~' : '/';
    }
    token = plain;
  }
  return pointer;
}

std::optional<std::string_view> JsonPointer::find_in(std::string_view text) const {
  skip_whitespace(text);
  for (const std::string& token : tokens_) {
    const auto value = text.starts_with('{')   ? find_member(text, token)
                       : text.starts_with('[') ? find_element(text, token)
                                               : std::nullopt;
    if (!value) return std::nullopt;
    text = *value;
  }
  if (!tokens_.empty()) return text;  // is cut out
  const std::string_view value = take_value(text);
  return value.empty() ? std::nullopt : std::optional{value};
}

}  // namespace mqtt_logger
