#pragma once

#include "mqtt_logger/journal/ring_bytes.hpp"

#include <cstdint>

namespace mqtt_logger {

/// What stands in the ring behind a checkpoint.
struct RecoveryScan {
  Position end = 0;                 ///< behind the last record that counts
  std::uint64_t next_sequence = 1;  ///< for the record that will be appended at `end`
  std::uint64_t records = 0;
  std::uint64_t lost_records = 0;   ///< known to be missing, by the sequence numbers around them
  std::uint64_t skipped_bytes = 0;  ///< of damaged records, now gaps; lost records or not
};

/// Checks every record from `begin` on, whose sequence number is `sequence`, and turns damage into gaps, so
/// that afterwards every record up to `end` is whole. `head` is where the last process said that the records
/// end; it is not exact after a power failure, which may have kept an older head than records, or the
/// reverse.
[[nodiscard]] RecoveryScan scan_records(RingBytes ring, Position begin, std::uint64_t sequence, Position head,
                                        bool is_head_exact) noexcept;

/// Turns what is damaged between `begin`, where `sequence` is expected, and `end` into gaps; returns how many
/// records are whole. Nothing else in the ring is changed.
[[nodiscard]] std::uint64_t fill_gap(RingBytes ring, Position begin, std::uint64_t sequence,
                                     Position end) noexcept;

}  // namespace mqtt_logger
