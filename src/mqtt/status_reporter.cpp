#include "mqtt_logger/mqtt/status_reporter.hpp"

#include <utility>

namespace mqtt_logger {
namespace {

using namespace std::chrono_literals;

constexpr auto kNever = std::chrono::milliseconds{1h};

}  // namespace

StatusReporter::StatusReporter(const Options& options, Subscriber& subscriber, const Statistics& statistics)
    : is_wanted_{!options.status_topic.empty()},
      interval_{options.stats_every},
      client_id_{find_client_id(options)},
      started_{std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now())},
      subscriber_{subscriber},
      statistics_{statistics} {
  if (is_wanted_) subscriber_.set_will(make_status(StatusState::offline, client_id_, started_));
}

std::chrono::milliseconds StatusReporter::advance() {
  const bool was_subscribed = std::exchange(was_subscribed_, subscriber_.is_subscribed());
  if (!is_wanted_ || !was_subscribed_) return kNever;
  const auto now = Clock::now();
  const bool is_regular = interval_ != 0ms;
  if (!was_subscribed || (is_regular && now >= next_)) {
    subscriber_.publish_status(make(StatusState::online));
    next_ = now + interval_;
  }
  return is_regular ? std::chrono::ceil<std::chrono::milliseconds>(next_ - now) : kNever;
}

void StatusReporter::stop() {
  if (is_wanted_) subscriber_.publish_last_status(make(StatusState::stopped));
}

std::string StatusReporter::make(StatusState state) const {
  return make_status(state, client_id_, started_, statistics_.account());
}

}  // namespace mqtt_logger
