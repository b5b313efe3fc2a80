#include "recovery_scan.hpp"

#include "mqtt_logger/journal/record.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <span>

namespace mqtt_logger {
namespace {

/// A walk over whole records; it never goes further than once round the ring.
class Scanner {
 public:
  Scanner(RingBytes ring, Position begin, std::uint64_t sequence) noexcept
      : ring_{ring}, limit_{begin + ring.size()}, position_{begin}, expected_{sequence} {}

  [[nodiscard]] Position position() const noexcept { return position_; }
  [[nodiscard]] std::uint64_t expected() const noexcept { return expected_; }

  /// Steps over gaps and one record; how many records are missing before it, or nothing if none stands here.
  std::optional<std::uint64_t> next() noexcept {
    while (skip_gap()) {
    }
    const auto record = record_at(position_);
    if (!record) return std::nullopt;
    const std::uint64_t missing = record->sequence - expected_;
    expected_ = record->sequence + 1;
    position_ += record_size(record->message);
    return missing;
  }

  /// Where the next whole record begins, before `end`.
  [[nodiscard]] std::optional<Position> find_record(Position end) const noexcept {
    for (Position at = position_ + kRecordAlignment; at < std::min(end, limit_); at += kRecordAlignment) {
      if (record_at(at)) return at;
    }
    return std::nullopt;
  }

  /// Turns what stands between here and `end` into gaps (one must not cross the end of the ring's memory).
  void fill_gap(Position end) noexcept {
    while (position_ < end) {
      const std::uint64_t length = std::min(end - position_, ring_.room_at(position_));
      write_gap(ring_.at(position_), static_cast<std::size_t>(length));
      position_ += length;
    }
  }

 private:
  bool skip_gap() noexcept {
    if (position_ >= limit_) return false;
    const auto length = check_gap(room_at(position_));
    position_ += length.value_or(0);
    return length.has_value();
  }

  // Remains of the round before have smaller numbers; numbers much larger cannot have been given out.
  [[nodiscard]] std::optional<Record> record_at(Position position) const noexcept {
    if (position >= limit_) return std::nullopt;
    const auto record = check_record(room_at(position));
    const bool is_next = record && record->sequence >= expected_ &&
                         record->sequence - expected_ <= ring_.size() / kRecordHeaderBytes;
    return is_next ? record : std::nullopt;
  }

  [[nodiscard]] std::span<const std::byte> room_at(Position position) const noexcept {
    return {ring_.at(position),
            static_cast<std::size_t>(std::min(ring_.room_at(position), limit_ - position))};
  }

  RingBytes ring_;
  Position limit_;
  Position position_;
  std::uint64_t expected_;
};

// No remains of a damaged part may be taken for records that follow new ones. What is clear is left alone: a
// new ring would be written to the device for nothing.
void clear_free_part(RingBytes ring, Position begin, Position end) noexcept {
  constexpr std::uint64_t kPart = 4096;
  static constexpr std::array<std::byte, kPart> kZeros{};
  for (Position at = end; at < begin + ring.size();) {
    const std::uint64_t length = std::min({begin + ring.size() - at, ring.room_at(at), kPart});
    const std::span part{ring.at(at), static_cast<std::size_t>(length)};
    if (std::memcmp(part.data(), kZeros.data(), part.size()) != 0) std::memset(part.data(), 0, part.size());
    at += length;
  }
}

}  // namespace

RecoveryScan scan_records(RingBytes ring, Position begin, std::uint64_t sequence, Position head,
                          bool is_head_exact) noexcept {
  const bool is_head_plausible = head >= begin && head - begin <= ring.size() && head % kRecordAlignment == 0;
  const Position claimed_end = is_head_plausible ? head : begin + ring.size();
  RecoveryScan found;
  Scanner scanner{ring, begin, sequence};
  while (scanner.position() < claimed_end) {
    if (const auto missing = scanner.next()) {
      ++found.records;
      found.lost_records += *missing;
      found.end = scanner.position();
      continue;
    }
    const Position damage = scanner.position();
    const auto next = damage < claimed_end ? scanner.find_record(claimed_end) : std::nullopt;
    if (!next) break;
    scanner.fill_gap(*next);
    found.skipped_bytes += *next - damage;
  }
  found.end = std::max(found.end, begin);

  if (found.end < claimed_end) found.skipped_bytes += claimed_end - found.end;

  // Records behind the head: a newer head was lost. Behind an exact one there can only be one whose append()
  // did not end: it was not acknowledged.
  Scanner beyond{ring, found.end, scanner.expected()};
  while (!is_head_exact && found.skipped_bytes == 0 && beyond.next() == std::uint64_t{0}) {
    ++found.records;
    found.end = beyond.position();
    scanner = beyond;
  }
  found.next_sequence = scanner.expected();
  if (!is_head_exact || found.skipped_bytes != 0) clear_free_part(ring, begin, found.end);
  return found;
}

std::uint64_t fill_gap(RingBytes ring, Position begin, std::uint64_t sequence, Position end) noexcept {
  std::uint64_t records = 0;
  Scanner scanner{ring, begin, sequence};
  while (scanner.position() < end) {
    if (scanner.next()) {
      ++records;
    } else if (scanner.position() < end) {
      scanner.fill_gap(scanner.find_record(end).value_or(end));
    }
  }
  return records;
}

}  // namespace mqtt_logger
