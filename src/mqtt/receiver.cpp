#include "mqtt_logger/mqtt/receiver.hpp"

#include "mqtt_logger/base/error.hpp"
#include "mqtt_logger/base/escape.hpp"
#include "mqtt_logger/base/topic_filter.hpp"
#include "mqtt_logger/log/log.hpp"
#include "mqtt_logger/platform/crash_point.hpp"
#include "mqtt_logger/platform/stop_events.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

namespace mqtt_logger {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto kShortestWait = 1ms;
constexpr auto kLongestWait = 10ms;
// A ring that is full for a moment under load is no news; one that stays full is, even if it was told before.
constexpr auto kFirstReportAfter = 100ms;
constexpr auto kNextReportAfter = 1s;
constexpr auto kReportEvery = 60s;
constexpr auto kSyncRetryEvery = 1s;
// A writer that has released nothing for so long while the program is to stop will not do it any more.
constexpr auto kStopTimeout = 2s;

bool matches_any(const std::vector<std::string>& filters, std::string_view topic) noexcept {
  return std::ranges::any_of(
      filters, [topic](const std::string& filter) { return matches_topic_filter(filter, topic); });
}

}  // namespace

Receiver::Receiver(Journal& journal, const Options& options, Statistics& statistics,
                   std::function<bool()> is_stop_requested)
    : journal_{journal},
      statistics_{statistics},
      topic_watch_{options},
      topics_{options.topics},
      excluded_topics_{options.excluded_topics},
      is_stop_requested_{std::move(is_stop_requested)},
      is_synced_each_{options.fsync == Fsync::always} {
  journal.set_redelivery_window(options.redelivered == Redelivered::drop ? kRedeliveryWindow : 0);
}

void Receiver::receive(const MessageView& message, PacketId packet_id, bool is_duplicate) noexcept {
  while (is_closed_.load(std::memory_order_relaxed)) std::this_thread::sleep_for(1h);
  is_receiving_.store(true, std::memory_order_relaxed);
  store(message, packet_id, is_duplicate);
  is_receiving_.store(false, std::memory_order_relaxed);
}

void Receiver::store(const MessageView& message, PacketId packet_id, bool is_duplicate) noexcept {
  statistics_.received.add();
  statistics_.last_message.set(message.receive_time);
  topic_watch_.note(message.topic);
  watch_filters(message.topic);
  if (is_excluded(message.topic)) {
    statistics_.excluded.add();
    journal_.pass_over(packet_id, is_duplicate);
    return;
  }
  switch (append(message, packet_id, is_duplicate)) {
    case AppendResult::redelivered:
      crash_point("redelivery-recognised");
      statistics_.redelivered.add();
      break;
    case AppendResult::too_large:
      statistics_.too_large.add();
      report_drop(fmt::format(
          "a message of {} bytes on '{}' is dropped: the journal takes at most {}; --journal-size makes it "
          "larger",
          message.payload.size(), shortened(message.topic), journal_.max_record_bytes()));
      break;
    case AppendResult::appended:
      if (is_synced_each_ && message.qos != QoS::at_most_once) sync();
      break;
    case AppendResult::full:
      break;  // append() has waited
  }
  if (packet_id != 0) journal_.end_delivery();
}

void Receiver::report_drop(std::string text) noexcept {
  drops_.note(std::move(text), LogThrottle::Clock::now());
}

bool Receiver::is_stopping() const noexcept {
  return is_stopping_.load(std::memory_order_relaxed) || is_stop_requested_();
}

bool Receiver::is_excluded(std::string_view topic) const noexcept {
  return matches_any(excluded_topics_, topic);
}

void Receiver::watch_filters(std::string_view topic) noexcept {
  if (!is_more_expected_.load(std::memory_order_relaxed) || matches_any(topics_, topic)) return;
  ++unasked_;
  if (!unasked_interval_.is_due(Clock::now())) return;
  log::warning(
      "{} so far of the messages received match no --topic, the last one on '{}': the session at the broker "
      "is or was subscribed to more; they are recorded; --forget-session ends the session",
      unasked_, shortened(topic));
}

AppendResult Receiver::append(const MessageView& message, PacketId packet_id, bool is_duplicate) noexcept {
  AppendResult result = journal_.append(message, packet_id, is_duplicate);
  if (result != AppendResult::full) return result;
  auto wait = std::chrono::milliseconds{kShortestWait};
  const auto full_since = Clock::now();
  auto last_progress = full_since;
  bool is_reported = false;
  is_waiting_.store(true, std::memory_order_relaxed);
  do {
    const std::uint64_t pending = journal_.pending_bytes();
    is_reported = report_full(full_since, is_reported) || is_reported;
    std::this_thread::sleep_for(wait);
    wait = std::min<std::chrono::milliseconds>(2 * wait, kLongestWait);
    // Asked again each time, whatever `pending` says: all of it may have been released since the last answer.
    result = journal_.append(message, packet_id, is_duplicate);
    if (!is_stopping() || journal_.pending_bytes() < pending) last_progress = Clock::now();
    if (result == AppendResult::full && Clock::now() - last_progress > kStopTimeout) leave();
  } while (result == AppendResult::full);
  is_waiting_.store(false, std::memory_order_relaxed);
  if (is_reported) log::info("the journal has room again");
  return result;
}

bool Receiver::report_full(Clock::time_point full_since, bool is_reported) noexcept {
  const auto now = Clock::now();
  const auto lasted = now - full_since;
  const bool is_due = now >= next_report_ || (!is_reported && lasted >= kNextReportAfter);
  if (!is_due || lasted < kFirstReportAfter) return false;
  next_report_ = now + kReportEvery;
  log::warning(
      "the journal is full ({} bytes wait to be written): nothing is taken from the broker, which keeps "
      "messages up to its own limit (Mosquitto: max_queued_messages, 1000 by default) and drops what comes "
      "beyond",
      journal_.pending_bytes());
  return true;
}

void Receiver::leave() noexcept {
  log::error(
      "stopped while the journal is full: {}; the journal keeps what is pending, and the next start writes "
      "it",
      to_string(statistics_.totals()));
  log::flush();
  exit_now(static_cast<int>(ExitCode::something_pending));
}

void Receiver::sync() noexcept {
  while (const std::error_code error = journal_.sync()) {
    is_waiting_.store(true, std::memory_order_relaxed);
    if (unsynced_.is_due(Clock::now())) {
      log::error("the journal cannot be brought to the device: {}; nothing is acknowledged until it can",
                 error.message());
    }
    std::this_thread::sleep_for(kSyncRetryEvery);
    if (!is_stopping()) continue;
    log::error(
        "stopped while the journal cannot be brought to the device: {}; the last message is not "
        "acknowledged",
        to_string(statistics_.totals()));
    log::flush();
    exit_now(static_cast<int>(ExitCode::something_pending));
  }
  if (!unsynced_.end()) return;
  is_waiting_.store(false, std::memory_order_relaxed);
  log::info("the journal is on the device again");
}

}  // namespace mqtt_logger
