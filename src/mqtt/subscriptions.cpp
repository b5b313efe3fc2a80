#include "mqtt_logger/mqtt/subscriptions.hpp"

#include <algorithm>
#include <utility>

namespace mqtt_logger {

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
    std::string line = filter;
    std::ranges::replace(line, '\n', '\0');
    text += qos ? static_cast<char>('0' + static_cast<int>(*qos)) : '?';
    text += ' ' + line + '\n';
  }
  return text;
}

Subscriptions read_subscriptions(std::string_view text) {
  Subscriptions subscriptions;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.size() < 3 || line[1] != ' ') continue;
    std::string filter{line.substr(2)};
    std::ranges::replace(filter, '\0', '\n');
    const bool is_answered = line[0] >= '0' && line[0] <= '2';
    subscriptions.emplace(std::move(filter),
                          is_answered ? std::optional{static_cast<QoS>(line[0] - '0')} : std::nullopt);
  }
  return subscriptions;
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
