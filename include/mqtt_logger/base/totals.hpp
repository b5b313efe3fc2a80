#pragma once

#include "mqtt_logger/base/message.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace mqtt_logger {

/// A number that one thread counts up and any thread reads.
class Counter {
 public:
  void add(std::uint64_t amount = 1) noexcept {
    // One writer: no read-modify-write is needed. Release pairs with get(): who sees this count also sees the
    // counts that came before it on the message's way, so that an account never shows more written than
    // received.
    value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_release);
  }
  /// What was counted turned out not to be so. By the same thread.
  void take_back(std::uint64_t amount) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) - amount, std::memory_order_release);
  }
  [[nodiscard]] std::uint64_t get() const noexcept { return value_.load(std::memory_order_acquire); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// A time that one thread sets and any thread reads.
class Instant {
 public:
  void set(ReceiveTime time) noexcept {
    microseconds_.store(time.time_since_epoch().count(), std::memory_order_relaxed);
  }
  /// Nothing before the first set().
  [[nodiscard]] std::optional<ReceiveTime> get() const noexcept {
    const std::int64_t microseconds = microseconds_.load(std::memory_order_relaxed);
    if (microseconds == kNever) return std::nullopt;
    return ReceiveTime{std::chrono::microseconds{microseconds}};
  }

 private:
  static constexpr std::int64_t kNever = INT64_MIN;
  std::atomic<std::int64_t> microseconds_{kNever};
};

/// The account of a run: `received == written + pending + dropped + excluded`.
struct MessageTotals {
  std::uint64_t received = 0;     ///< from the broker in this run, and replayed
  std::uint64_t replayed = 0;     ///< of these: found in the journal at start
  std::uint64_t written = 0;      ///< in every export
  std::uint64_t redelivered = 0;  ///< dropped: received before
  std::uint64_t too_large = 0;    ///< dropped: larger than half of the queue
  std::uint64_t excluded = 0;     ///< not recorded, as the user wishes
  std::uint64_t lost = 0;         ///< dropped: was in a part of the journal that somebody has cut off

  [[nodiscard]] std::uint64_t dropped() const noexcept { return redelivered + too_large + lost; }
  [[nodiscard]] std::uint64_t pending() const noexcept { return received - written - dropped() - excluded; }
  /// A redelivery is in the exports already; everything else that is not written is missing there.
  [[nodiscard]] bool is_complete() const noexcept { return pending() == 0 && too_large == 0 && lost == 0; }
  bool operator==(const MessageTotals&) const = default;
};

/// "received 12 (2 replayed from the journal), written 10, pending 0, dropped 2 (2 redelivered)", and if
/// there are any ", excluded 3"
[[nodiscard]] std::string to_string(const MessageTotals& totals);

/// What happened since the start. Each counter is counted by the one thread named; any thread takes a
/// snapshot.
struct Statistics {
  // Callback thread.
  alignas(64) Counter received;
  Counter redelivered;
  Counter too_large;
  Counter excluded;
  Instant last_message;
  // Writer thread.
  alignas(64) Counter written;
  Counter lost;           ///< with a journal that somebody has cut
  Counter written_bytes;  ///< of all exports
  Counter write_errors;
  Counter writer_iterations;  ///< of its loop: grows when it is awake and does not hang
  // The session's thread.
  alignas(64) Counter replayed;
  Counter connects;

  [[nodiscard]] MessageTotals totals() const noexcept;
};

}  // namespace mqtt_logger
