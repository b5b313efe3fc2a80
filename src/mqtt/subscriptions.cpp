#include "subscriptions.hpp"

#include <algorithm>
#include <utility>

namespace mqtt_logger {
namespace {

constexpr char kSessionMark = '@';

/// A line break, which ends a line here, is written as U+0000, which neither a topic filter nor a client
/// identifier can hold.
std::string to_line(std::string_view text) {
  std::string line{text};
  std::ranges::replace(line, '\n', '\0');
  return line;
}

std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

/// The next session's part of the text, its line with the name included.
std::string_view take_session(std::string_view& text) {
  const std::size_t next = text.find(std::string{'\n', kSessionMark}, 0);
  const std::size_t size = next == std::string_view::npos ? text.size() : next + 1;
  const std::string_view part = text.substr(0, size);
  text.remove_prefix(size);
  return part;
}

std::string heading_of(std::string_view session) {
  return kSessionMark + to_line(session) + '\n';
}

}  // namespace

Subscriptions make_subscriptions(const Options& options) {
  Subscriptions subscriptions;
  for (const std::string& filter : options.topics) {
    const auto own = options.topic_qos.find(filter);
    subscriptions.emplace(filter, own == options.topic_qos.end() ? options.qos : own->second);
  }
  return subscriptions;
}

std::string write_subscriptions(const Subscriptions& subscriptions) {
  std::string text;
  for (const auto& [filter, qos] : subscriptions) {
    text += qos ? static_cast<char>('0' + static_cast<int>(*qos)) : '?';
    text += ' ' + to_line(filter) + '\n';
  }
  return text;
}

Subscriptions read_subscriptions(std::string_view text) {
  Subscriptions subscriptions;
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    if (line.size() < 3 || line[1] != ' ') continue;
    std::string filter{line.substr(2)};
    std::ranges::replace(filter, '\0', '\n');
    const bool is_answered = line[0] >= '0' && line[0] <= '2';
    subscriptions.emplace(std::move(filter),
                          is_answered ? std::optional{static_cast<QoS>(line[0] - '0')} : std::nullopt);
  }
  return subscriptions;
}

std::optional<Subscriptions> subscriptions_of(std::string_view text, std::string_view session) {
  const std::string heading = heading_of(session);
  while (!text.empty()) {
    std::string_view part = take_session(text);
    if (!part.starts_with(heading)) continue;
    part.remove_prefix(heading.size());
    return read_subscriptions(part);
  }
  return std::nullopt;
}

std::vector<std::string> client_ids_of(std::string_view text) {
  std::vector<std::string> ids;
  while (!text.empty()) {
    std::string_view part = take_session(text);
    const std::string_view heading = take_line(part);
    const std::size_t end = heading.rfind(" at ");
    if (heading.starts_with(kSessionMark) && end != std::string_view::npos)
      ids.emplace_back(heading.substr(1, end - 1));
  }
  return ids;
}

std::string with_subscriptions(std::string_view text, std::string_view session,
                               const Subscriptions& subscriptions, std::size_t longest_bytes) {
  const std::string heading = heading_of(session);
  std::string result = heading + write_subscriptions(subscriptions);
  while (!text.empty()) {
    const std::string_view part = take_session(text);
    const bool is_another = part.front() == kSessionMark && !part.starts_with(heading);
    if (is_another && result.size() + part.size() <= longest_bytes) result += part;
  }
  return result;
}

Subscriptions difference(const Subscriptions& wanted, const Subscriptions& kept) {
  Subscriptions missing;
  for (const auto& [filter, qos] : wanted) {
    const auto found = kept.find(filter);
    if (found == kept.end() || found->second != qos) missing.emplace(filter, qos);
  }
  return missing;
}

Subscriptions add_unanswered(Subscriptions kept, const Subscriptions& wanted) {
  for (const auto& [filter, qos] : wanted) kept.emplace(filter, std::nullopt);
  return kept;
}

Subscriptions as_unanswered(Subscriptions kept) {
  for (auto& [filter, qos] : kept) qos.reset();
  return kept;
}

std::vector<std::string> filters_only_in(const Subscriptions& kept, const Subscriptions& wanted) {
  std::vector<std::string> filters;
  for (const auto& [filter, qos] : kept) {
    if (!wanted.contains(filter)) filters.push_back(filter);
  }
  return filters;
}

}  // namespace mqtt_logger
