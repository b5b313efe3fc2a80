#include "summary.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <system_error>

namespace mqtt_logger {

void Counts::add(const RecordedMessage& record) noexcept {
  if (records == 0)
    first = record.time;
  else
    longest_silence = std::max(longest_silence, record.time - last);
  last = record.time;
  ++records;
  payload_bytes += record.payload.size();
  ++by_encoding[static_cast<std::size_t>(record.encoding)];
}

std::optional<std::uint64_t> Summary::find_number(const RecordedMessage& record) const {
  if (record.encoding != Encoding::json || !record.is_sound) return std::nullopt;
  const auto text = sequence_->find_in(record.payload);
  if (!text) return std::nullopt;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc{} || end != text->data() + text->size()) return std::nullopt;
  return number;
}

std::optional<std::string> Summary::add(const RecordedMessage& record) {
  counts_.add(record);
  file_bytes_ += record.bytes;
  auto found = topics_.find(record.topic);
  if (found == topics_.end()) found = topics_.emplace(std::string{record.topic}, TopicSummary{}).first;
  TopicSummary& topic = found->second;
  topic.counts.add(record);
  if (finds_duplicates_) {
    const std::size_t payload = std::hash<std::string_view>{}(record.payload);
    if (topic.counts.records > 1 && payload == topic.last_payload) ++topic.equal_to_last;
    topic.last_payload = payload;
  }
  const auto number = sequence_ ? find_number(record) : std::nullopt;
  if (!number) return std::nullopt;
  ++topic.numbered;
  const auto fault = topic.sequence.add(*number);
  if (!fault) return std::nullopt;
  return fmt::format("{}: {}", quote_for_fault(record.topic), *fault);
}

}  // namespace mqtt_logger
