#include "mqtt_logger/mqtt/topic_watch.hpp"

#include "mqtt_logger/base/topic_filter.hpp"

namespace mqtt_logger {

TopicWatch::TopicWatch(const Options& options, Clock::time_point start) : stale_after_{options.stale_after} {
  if (stale_after_.count() == 0) return;
  for (const std::string& topic : options.topics) entries_.emplace_back(topic, start);
}

void TopicWatch::note(std::string_view topic, Clock::time_point now) noexcept {
  for (Entry& entry : entries_) {
    if (matches_topic_filter(entry.filter, topic)) entry.last.store(now, std::memory_order_relaxed);
  }
}

std::vector<FilterStatus> TopicWatch::snapshot(Clock::time_point now) const {
  std::vector<FilterStatus> filters;
  for (const Entry& entry : entries_) {
    const auto silence = now - entry.last.load(std::memory_order_relaxed);
    filters.push_back(
        {entry.filter, std::chrono::floor<std::chrono::seconds>(silence), silence > stale_after_});
  }
  return filters;
}

}  // namespace mqtt_logger
