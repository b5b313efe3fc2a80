#pragma once

#include "mqtt_logger/base/message.hpp"
#include "mqtt_logger/base/totals.hpp"
#include "mqtt_logger/journal/journal.hpp"
#include "mqtt_logger/log/log_interval.hpp"
#include "mqtt_logger/log/log_throttle.hpp"
#include "mqtt_logger/mqtt/topic_watch.hpp"
#include "mqtt_logger/options/options.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace mqtt_logger {

/// Among so many deliveries a redelivery is recognised. Not the Receive Maximum, because brokers exceed it:
/// of 20,000 queued messages Mosquitto 2.0.11 had up to 18,700 in flight, with MQTT 5 and 3.1.1. Half of the
/// packet identifiers, because a broker that uses them in order comes back to one after 65,535 deliveries,
/// less those in flight: from there on the same identifier and content may well be a new message.
inline constexpr std::uint32_t kRedeliveryWindow = 32768;

/// Where every message enters: hands it to the journal and counts it. When it returns, the message is in the
/// journal, or counted as dropped or excluded, and the library acknowledges it.
///
/// Threads:    receive() and report_drop() by the callback thread; advance() and stop() by the main thread.
/// Durability: with `--fsync always`, at QoS 1 and 2, after receive() a message survives a power failure.
/// Errors:     a full journal is waited for, said as soon as it is more than a moment and then every minute.
///             If the program is to stop meanwhile and the writer gets nothing done, the process ends here: a
///             return would acknowledge a message that we do not have.
class Receiver {
 public:
  /// `is_stop_requested` is asked by the callback thread: while it waits it holds the library's lock, for
  /// which others may be waiting (the simulator) that are to end before stop() is called.
  Receiver(
      Journal& journal, const Options& options, Statistics& statistics,
      std::function<bool()> is_stop_requested = [] { return false; });

  void receive(const MessageView& message, PacketId packet_id, bool is_duplicate) noexcept;
  /// A message is left out, for a reason that may hold for many: said at most once a second.
  void report_drop(std::string text) noexcept;
  /// Says what report_drop() has not told yet, when it is time. Main thread.
  void advance() noexcept { drops_.advance(LogThrottle::Clock::now()); }
  /// The same at once, when no message comes any more.
  void finish() noexcept { drops_.finish(); }
  /// Whether receive() waits for room in the journal, or for its device. Any thread.
  [[nodiscard]] bool is_waiting() const noexcept { return is_waiting_.load(std::memory_order_relaxed); }
  /// Whether receive() is at work: where that lasts, a disk does not answer, and nothing is read from the
  /// broker. Any thread.
  [[nodiscard]] bool is_receiving() const noexcept { return is_receiving_.load(std::memory_order_relaxed); }
  /// Whether messages may come that no topic filter asks for, because the session at the broker is, or was,
  /// subscribed to more: they are recorded, counted and told. Before those messages; any thread.
  void expect_more(bool may_bring_more) noexcept {
    is_more_expected_.store(may_bring_more, std::memory_order_relaxed);
  }
  /// Which topic filters have gone silent. Main thread.
  [[nodiscard]] const TopicWatch& topic_watch() const noexcept { return topic_watch_; }
  void stop() noexcept { is_stopping_.store(true, std::memory_order_relaxed); }
  /// From now on receive() does not return, so that nothing more is taken or acknowledged: before the process
  /// ends although the library has not. Main thread.
  void close() noexcept { is_closed_.store(true, std::memory_order_relaxed); }

 private:
  void store(const MessageView& message, PacketId packet_id, bool is_duplicate) noexcept;
  [[nodiscard]] bool is_stopping() const noexcept;
  [[nodiscard]] bool is_excluded(std::string_view topic) const noexcept;
  void watch_filters(std::string_view topic) noexcept;
  [[nodiscard]] AppendResult append(const MessageView& message, PacketId packet_id,
                                    bool is_duplicate) noexcept;
  [[nodiscard]] bool report_full(std::chrono::steady_clock::time_point full_since, bool is_reported) noexcept;
  [[noreturn]] void leave() noexcept;
  void sync() noexcept;

  Journal& journal_;
  Statistics& statistics_;
  TopicWatch topic_watch_;
  const std::vector<std::string> topics_;
  const std::vector<std::string> excluded_topics_;
  const std::function<bool()> is_stop_requested_;
  bool is_synced_each_;
  std::chrono::steady_clock::time_point next_report_{};
  LogInterval unsynced_;
  LogThrottle drops_{LogLevel::error};
  std::uint64_t unasked_ = 0;  // messages that no topic filter asks for
  LogInterval unasked_interval_;
  std::atomic<bool> is_more_expected_{false};
  std::atomic<bool> is_waiting_{false};
  std::atomic<bool> is_receiving_{false};
  std::atomic<bool> is_stopping_{false};
  std::atomic<bool> is_closed_{false};
};

}  // namespace mqtt_logger
