#include "mqtt_logger/base/topic_filter.hpp"

#include "mqtt_logger/base/utf8.hpp"

#include <algorithm>

namespace mqtt_logger {
namespace {

constexpr std::string_view kSharedPrefix = "$share/";
constexpr std::size_t kMaximumBytes = 65'535;

/// Cuts the first level off `rest`; nothing if there is no level left. "a/" has two levels, the second one
/// empty.
std::optional<std::string_view> take_level(std::optional<std::string_view>& rest) noexcept {
  if (!rest) return std::nullopt;
  const std::size_t slash = rest->find('/');
  const std::string_view level = rest->substr(0, slash);
  rest = slash == std::string_view::npos ? std::nullopt : std::optional{rest->substr(slash + 1)};
  return level;
}

std::optional<std::string> find_wildcard_fault(std::string_view filter) {
  std::optional<std::string_view> rest = filter;
  while (const auto level = take_level(rest)) {
    if (level->size() > 1 && level->find('#') != std::string_view::npos) {
      return "must have # alone in its level, such as sensors/#";
    }
    if (level->size() > 1 && level->find('+') != std::string_view::npos) {
      return "must have + alone in its level, such as sensors/+/temperature";
    }
    if (*level == "#" && rest) return "must have # only at the end, such as sensors/#";
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> find_topic_filter_fault(std::string_view filter) {
  if (filter.empty()) return "must not be empty";
  if (filter.size() > kMaximumBytes) return "must be at most 65,535 bytes long";
  if (!is_valid_utf8(filter)) return "must be valid UTF-8";
  if (filter.find('\0') != std::string_view::npos) return "must not contain a NUL character";
  if (filter == "$share" || filter.starts_with(kSharedPrefix)) {
    const std::string_view shared = filter.substr(std::min(filter.size(), kSharedPrefix.size()));
    const std::size_t slash = shared.find('/');
    if (slash == 0 || slash == std::string_view::npos || slash + 1 == shared.size()) {
      return "must be $share/GROUP/FILTER, with a group and a filter that are not empty";
    }
    if (shared.substr(0, slash).find_first_of("+#") != std::string_view::npos) {
      return "must have a group without + and #, as in $share/GROUP/FILTER";
    }
    filter = shared.substr(slash + 1);
  }
  return find_wildcard_fault(filter);
}

bool matches_topic_filter(std::string_view filter, std::string_view topic) noexcept {
  if (filter.starts_with(kSharedPrefix)) filter.remove_prefix(filter.find('/', kSharedPrefix.size()) + 1);
  // Topics of the broker itself ($SYS/…) are only for those who name them.
  const bool begins_with_wildcard = filter.starts_with('#') || filter.starts_with('+');
  if (topic.starts_with('$') && begins_with_wildcard) return false;

  std::optional<std::string_view> filter_rest = filter;
  std::optional<std::string_view> topic_rest = topic;
  while (const auto filter_level = take_level(filter_rest)) {
    if (*filter_level == "#") return true;  // also stands for no level at all: sport/# matches sport
    const auto topic_level = take_level(topic_rest);
    if (!topic_level || (*filter_level != "+" && *filter_level != *topic_level)) return false;
  }
  return !topic_rest;
}

}  // namespace mqtt_logger
