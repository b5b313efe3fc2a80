#include "mqtt_logger/journal/salvage.hpp"

#include "mqtt_logger/journal/record.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <span>

namespace mqtt_logger {
namespace {

/// A walk over whole records; it never goes further than once round the ring.
class Walk {
 public:
  Walk(RingBytes ring, Position begin, std::uint64_t sequence) noexcept
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
  void cover(Position end) noexcept {
    while (position_ < end) {
      const std::uint64_t length = std::min(end - position_, ring_.room_at(position_));
      write_gap(ring_.at(position_), static_cast<std::size_t>(length));
      position_ += length;
    }
  }

 private:
  bool skip_gap() noexcept {
    if (position_ >= limit_) return false;
    const std::uint32_t word = read_length_word(ring_.at(position_));
    const std::uint64_t length = word & ~kGapFlag;
    const bool is_gap = (word & kGapFlag) != 0 && length != 0 && length % kRecordAlignment == 0 &&
                        length <= std::min(ring_.room_at(position_), limit_ - position_);
    if (is_gap) position_ += length;
    return is_gap;
  }

  // Remains of the round before have smaller numbers; numbers much larger cannot have been given out.
  [[nodiscard]] std::optional<Record> record_at(Position position) const noexcept {
    if (position >= limit_) return std::nullopt;
    const auto room = static_cast<std::size_t>(std::min(ring_.room_at(position), limit_ - position));
    const auto record = check_record(std::span<const std::byte>{ring_.at(position), room});
    const bool is_next = record && record->sequence >= expected_ &&
                         record->sequence - expected_ <= ring_.size() / kRecordHeaderBytes;
    return is_next ? record : std::nullopt;
  }

  RingBytes ring_;
  Position limit_;
  Position position_;
  std::uint64_t expected_;
};

// No remains of a damaged part may be taken for records that follow new ones.
void clear_free_part(RingBytes ring, Position begin, Position end) noexcept {
  for (Position at = end; at < begin + ring.size();) {
    const std::uint64_t length = std::min(begin + ring.size() - at, ring.room_at(at));
    std::memset(ring.at(at), 0, static_cast<std::size_t>(length));
    at += length;
  }
}

}  // namespace

Salvage salvage_records(RingBytes ring, Position begin, std::uint64_t sequence, Position head) noexcept {
  const bool is_head_plausible = head >= begin && head - begin <= ring.size() && head % kRecordAlignment == 0;
  const Position claimed_end = is_head_plausible ? head : begin + ring.size();
  Salvage found;
  Walk walk{ring, begin, sequence};
  while (walk.position() < claimed_end) {
    if (const auto missing = walk.next()) {
      ++found.records;
      found.lost_records += *missing;
      found.end = walk.position();
      continue;
    }
    const Position damage = walk.position();
    const auto next = damage < claimed_end ? walk.find_record(claimed_end) : std::nullopt;
    if (!next) break;
    walk.cover(*next);
    found.skipped_bytes += *next - damage;
  }
  found.end = std::max(found.end, begin);

  // A gap may be the last thing before the head: the record behind it was never finished. Anything else is
  // damage.
  if (is_head_plausible && found.end < head) {
    Walk rest{ring, found.end, walk.expected()};
    const bool ends_in_gap = !rest.next() && rest.position() == head;
    if (!ends_in_gap) found.skipped_bytes += head - found.end;
  }

  // One record behind the head is one whose append() did not end: it was not acknowledged. More of them mean
  // that a newer head was lost.
  Walk beyond{ring, found.end, walk.expected()};
  std::uint64_t records_beyond = 0;
  while (found.skipped_bytes == 0 && beyond.next() == std::uint64_t{0}) ++records_beyond;
  if (records_beyond > 1) {
    found.records += records_beyond;
    found.end = beyond.position();
    walk = beyond;
  }
  found.next_sequence = walk.expected();
  if (found.skipped_bytes != 0 || !is_head_plausible) clear_free_part(ring, begin, found.end);
  return found;
}

}  // namespace mqtt_logger
