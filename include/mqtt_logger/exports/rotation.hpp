#pragma once

#include "mqtt_logger/base/message.hpp"
#include "mqtt_logger/exports/series_name.hpp"
#include "mqtt_logger/options/options.hpp"

#include <chrono>
#include <cstdint>
#include <functional>

namespace mqtt_logger {

/// When a series goes on in its next file.
///
/// A record belongs to the period of its receive time; periods are counted from midnight of 1 January 1970,
/// in UTC or local time. All that is decided from is in a file's name and in the records, so that a start
/// after a crash decides the same again.
///
/// Threads: one owner.
class Rotation {
 public:
  using UtcOffset = std::function<std::chrono::seconds(std::chrono::sys_seconds)>;

  /// `utc_offset` is the local time's; it is asked at most once for each quarter of an hour.
  Rotation(const Options& options, UtcOffset utc_offset);

  [[nodiscard]] bool is_on() const noexcept { return size_bytes_ != 0 || every_.count() != 0; }
  /// Whether a record that came at `time` belongs to a file behind `current`, of which the larger format has
  /// `body_bytes`. A clock that goes back by less than a period does not count; by more, it does once.
  [[nodiscard]] bool is_due(FileNumber current, std::uint64_t body_bytes, ReceiveTime time);

 private:
  [[nodiscard]] std::int64_t period_of(std::chrono::sys_seconds time);

  std::uint64_t size_bytes_;
  std::chrono::seconds every_;
  bool is_local_;
  UtcOffset utc_offset_;
  // Time zones change their offset at quarters of an hour only. Of the current file, and of the last record.
  struct Known {
    std::chrono::sys_seconds quarter = std::chrono::sys_seconds::min();
    std::chrono::seconds offset{};
  };
  Known known_[2];
  std::size_t oldest_known_ = 0;
};

/// Tells when the clock by which messages are dated was set back.
class ClockWatch {
 public:
  /// How far it went back before this record; zero if not, or by less than a second.
  [[nodiscard]] std::chrono::microseconds advance(ReceiveTime time) noexcept;

 private:
  ReceiveTime last_ = ReceiveTime::min();
};

}  // namespace mqtt_logger
