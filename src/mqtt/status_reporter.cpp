#include "mqtt_logger/mqtt/status_reporter.hpp"

#include <optional>
#include <utility>

namespace mqtt_logger {
namespace {

using namespace std::chrono_literals;

constexpr auto kNoReport = std::chrono::milliseconds{1h};

}  // namespace

StatusReporter::StatusReporter(const Options& options, Subscriber& subscriber, const Statistics& statistics,
                               const TopicWatch& topics)
    : is_wanted_{!options.status_topic.empty()},
      interval_{options.stats_every},
      client_id_{find_client_id(options)},
      started_{std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now())},
      subscriber_{subscriber},
      statistics_{statistics},
      topics_{topics},
      is_silence_watched_{options.stale_after.count() != 0} {
  if (is_wanted_) subscriber_.set_will(make_status(StatusState::offline, client_id_, started_));
}

std::chrono::milliseconds StatusReporter::advance() {
  if (!is_wanted_ || !subscriber_.is_subscribed()) return kNoReport;
  const std::uint64_t times = subscriber_.times_subscribed();
  const bool is_new = times != std::exchange(times_subscribed_, times);
  const auto now = Clock::now();
  const bool is_regular = interval_ != 0ms;
  auto silent = find_silent();
  if (is_new || (is_regular && now >= next_) || silent != silent_) {
    silent_ = std::move(silent);
    subscriber_.publish_status(make(StatusState::online));
    next_ = now + interval_;
  }
  return is_regular ? std::chrono::ceil<std::chrono::milliseconds>(next_ - now) : kNoReport;
}

void StatusReporter::stop() {
  if (is_wanted_) subscriber_.publish_last_status(make(StatusState::stopped));
}

std::string StatusReporter::make(StatusState state) const {
  return make_status(state, client_id_, started_, statistics_.totals(),
                     is_silence_watched_ ? std::optional{find_silent()} : std::nullopt);
}

std::vector<std::string> StatusReporter::find_silent() const {
  std::vector<std::string> silent;
  for (FilterStatus& filter : topics_.snapshot()) {
    if (filter.is_stale) silent.push_back(std::move(filter.filter));
  }
  return silent;
}

}  // namespace mqtt_logger
