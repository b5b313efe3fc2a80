#pragma once

#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace mqtt_logger {

/// What the library's threads report to the session's thread, in order.
///
/// Threads: post() any, also under the library's lock; take() the session's thread. The mutex is never held
///          while anything else is called.
template <typename Event>
class EventQueue {
 public:
  /// `wake` lets the session's thread come and take; it is called by the thread that posts.
  explicit EventQueue(std::function<void()> wake) : wake_{std::move(wake)} {}

  void post(Event event) {
    {
      const std::lock_guard lock{mutex_};
      events_.push_back(std::move(event));
    }
    wake_();
  }

  [[nodiscard]] std::vector<Event> take() {
    const std::lock_guard lock{mutex_};
    return std::exchange(events_, {});
  }

 private:
  const std::function<void()> wake_;
  std::mutex mutex_;  // guards events_
  std::vector<Event> events_;
};

}  // namespace mqtt_logger
