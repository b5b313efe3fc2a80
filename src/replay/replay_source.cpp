#include "replay_source.hpp"

#include "mqtt_logger/base/error.hpp"
#include "mqtt_logger/base/topic_filter.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace mqtt_logger {

Recording::Recording(std::vector<Series> all, const OnFileFault& on_fault) {
  const auto companion = std::find_if(all.begin() + 1, all.end(),
                                      [](const Series& series) { return series.format != Format::csv; });
  if (all.front().format == Format::csv && companion != all.end()) {
    // What is wrong with it is no matter: at worst properties are missing, and --verify tells why.
    companion_ = std::make_unique<SeriesReader>(
        std::move(*companion), [](const std::filesystem::path&, std::uint64_t, const std::string&) {});
    has_candidate_ = companion_->next(candidate_);
  }
  main_ = std::make_unique<SeriesReader>(std::move(all.front()), on_fault);
}

void Recording::add_properties(RecordedMessage& record) {
  while (has_candidate_ && candidate_.time < record.time) has_candidate_ = companion_->next(candidate_);
  if (!has_candidate_ || candidate_.time != record.time || candidate_.topic != record.topic) return;
  record.properties = candidate_.properties;
}

bool Recording::next(RecordedMessage& record) {
  // Not before now: the properties of the last record were views of it.
  if (has_candidate_ && !record.topic.empty() && candidate_.time == record.time &&
      candidate_.topic == record.topic)
    has_candidate_ = companion_->next(candidate_);
  if (!main_->next(record)) return false;
  if (companion_) add_properties(record);
  return true;
}

ReplaySource::ReplaySource(const Options& options, OnFileFault on_fault)
    : options_{options}, on_fault_{std::move(on_fault)} {
  for (const auto& path : options.replay) {
    auto found = require_series("--replay", path);
    size_ += SeriesReader{found.front(), on_fault_}.size();
    found_.push_back(std::move(found));
  }
}

bool ReplaySource::is_wanted(const RecordedMessage& record) const {
  if (options_.from && record.time < *options_.from) return false;
  if (options_.to && record.time >= *options_.to) return false;
  const auto& filters = options_.replay_filter;
  return filters.empty() || std::any_of(filters.begin(), filters.end(), [&record](const std::string& filter) {
           return matches_topic_filter(filter, record.topic);
         });
}

const RecordedMessage* ReplaySource::next() {
  for (;;) {
    if (!recording_) {
      if (next_recording_ == found_.size()) {
        if (!options_.loop || !std::exchange(has_found_any_, false)) return nullptr;
        ++rounds_;
        next_recording_ = 0;
        position_ = 0;
      }
      recording_ = std::make_unique<Recording>(found_[next_recording_], on_fault_);
      record_ = {};
    }
    while (recording_->next(record_)) {
      if (!is_wanted(record_)) continue;
      has_found_any_ = true;
      return &record_;
    }
    if (next_recording_ + 1 == found_.size() && !options_.loop) {
      next_recording_ = found_.size();
      return nullptr;  // the recording stays, so that file() has an answer
    }
    position_ += recording_->reader().position();
    recording_.reset();
    ++next_recording_;
  }
}

std::uint64_t ReplaySource::position() const noexcept {
  return position_ + (recording_ ? recording_->reader().position() : 0);
}

}  // namespace mqtt_logger
