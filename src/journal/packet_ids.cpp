#include "mqtt_logger/journal/packet_ids.hpp"

#include "mqtt_logger/journal/layout.hpp"
#include "mqtt_logger/platform/crash_point.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <span>
#include <utility>

namespace mqtt_logger {
namespace {

constexpr std::size_t kBitBytes = layout::kPacketIds / 8;
constexpr std::uint64_t kShortWhile =
    32768;  // deliveries: half of what a broker that counts takes to come round

constexpr std::size_t byte_of(PacketId id) noexcept {
  return id / 8u;
}
constexpr std::uint8_t bit_of(PacketId id) noexcept {
  return static_cast<std::uint8_t>(1u << (id % 8u));
}

}  // namespace

PacketIds::PacketIds(std::byte* mapping) noexcept
    : mapping_{mapping},
      received_bits_{reinterpret_cast<std::uint8_t*>(mapping + layout::kReceivedBits)},
      rows_{reinterpret_cast<Row*>(mapping + layout::kRows)},
      order_{mapping + layout::kIdentifierOrder} {
  static_assert(sizeof(Row) == 16);
  for (const Row& row : std::span{rows_, layout::kPacketIds}) deliveries_ = std::max(deliveries_, row.number);
  // More than there are is what a forget_all() has left that was interrupted.
  returned_ = std::min(load(layout::kReturned), deliveries_);
  old_rows_ = std::min(load(layout::kOldRows), deliveries_);
  unreleased_ = unreleased().size();
  is_uncertain_ = load(layout::kUncertain) != 0;
}

bool PacketIds::is_same(const Row& row, const Fingerprint& fingerprint) const noexcept {
  return row.fingerprint == (row.number <= old_rows_ ? fingerprint.of_version_1 : fingerprint.keyed);
}

// Whether this is what the identifier last brought, and not too long ago.
bool PacketIds::is_last_of(PacketId id, const Fingerprint& fingerprint, std::uint64_t window) const noexcept {
  const Row& row = rows_[id];
  return row.number != 0 && is_same(row, fingerprint) && deliveries_ - row.number < window;
}

// See the class.
bool PacketIds::can_come_again(const Row& row) const noexcept {
  if (row.number > returned_ || order_.is_in_order()) return true;
  if (order_.is_out_of_order() || row.number <= load(layout::kComplete)) return false;
  return order_.in_turn() > 1 || row.number <= killed_up_to_;
}

bool PacketIds::is_redelivered(PacketId id, const Fingerprint& fingerprint, std::uint64_t window) noexcept {
  Row& row = rows_[id];
  if (!is_last_of(id, fingerprint, window) || !can_come_again(row)) return false;
  // So that the distance stays within the window over many reconnects. Not where that would change the
  // meaning of its fingerprint.
  if (row.number > old_rows_) row.number = ++deliveries_;
  return true;
}

bool PacketIds::is_unreleased(PacketId id, const Fingerprint& fingerprint) const noexcept {
  return (received_bits_[byte_of(id)] & bit_of(id)) != 0 && is_same(rows_[id], fingerprint);
}

bool PacketIds::is_sent_after_release(PacketId id, const Fingerprint& fingerprint,
                                      std::uint64_t window) const noexcept {
  return is_last_of(id, fingerprint, window) && can_come_again(rows_[id]);
}

void PacketIds::remember(PacketId id, const Fingerprint& fingerprint, bool is_exactly_once,
                         bool is_duplicate) noexcept {
  const Row& before = rows_[id];
  order_.note_message(id, is_duplicate, before.number != 0 && deliveries_ - before.number < kShortWhile);
  rows_[id] = {fingerprint.keyed, ++deliveries_};
  crash_point("row-stored");
  if (!is_exactly_once || (received_bits_[byte_of(id)] & bit_of(id)) != 0) return;
  received_bits_[byte_of(id)] |= bit_of(id);
  ++unreleased_;
}

void PacketIds::end_delivery() noexcept {
  returned_ = deliveries_;
  store(layout::kReturned, returned_);
  order_.note_all_acknowledged(unreleased_ == 0);
}

// An acknowledgement may have been lost with the connection that it was meant for.
void PacketIds::settle() noexcept {
  const std::uint32_t connection = connections_.load(std::memory_order_relaxed);
  const std::uint64_t before = std::exchange(returned_before_, load(layout::kReturned));
  if (std::exchange(completed_connection_, connection) == connection) store(layout::kComplete, before);
}

void PacketIds::forget(PacketId id) noexcept {
  rows_[id] = {};
  release(id);
}

void PacketIds::release(PacketId id) noexcept {
  if ((received_bits_[byte_of(id)] & bit_of(id)) == 0) return;
  received_bits_[byte_of(id)] = static_cast<std::uint8_t>(received_bits_[byte_of(id)] & ~bit_of(id));
  --unreleased_;
  order_.note_all_acknowledged(unreleased_ == 0);
}

// Kept again after it was doubted: it is the new one.
void PacketIds::begin_connection(bool is_kept) noexcept {
  if (is_kept && is_uncertain_) forget_all();
  if (!is_kept) {
    is_uncertain_ = true;
    store(layout::kUncertain, 1);
  }
  connections_.fetch_add(1, std::memory_order_relaxed);
  order_.begin_connection();
}

// What makes believe in redeliveries goes before the rows, what speaks against it after them.
void PacketIds::forget_all() noexcept {
  order_.forget();
  std::memset(received_bits_, 0, kBitBytes);
  crash_point("bits-forgotten");
  std::memset(static_cast<void*>(rows_), 0, layout::kPacketIds * sizeof(Row));
  crash_point("ids-forgotten");
  for (const std::size_t word : {layout::kReturned, layout::kComplete, layout::kOldRows, layout::kUncertain})
    store(word, 0);
  deliveries_ = returned_ = killed_up_to_ = old_rows_ = 0;
  unreleased_ = 0;
  is_uncertain_ = false;
}

void PacketIds::upgrade() noexcept {
  constexpr std::uint64_t kEnoughToTell = 64;
  std::uint64_t recent = 0;
  PacketId last = 0;
  const std::uint64_t among = std::min<std::uint64_t>(deliveries_, kShortWhile);
  for (std::size_t id = 0; id < layout::kPacketIds; ++id) {
    const std::uint64_t number = rows_[id].number;
    if (number > deliveries_ - among) ++recent;
    if (number != 0 && number == deliveries_) last = static_cast<PacketId>(id);
  }
  // Whether nearly all of the last deliveries came under identifiers of their own.
  const bool are_own = recent >= among - among / 16;
  if (are_own && among < kEnoughToTell) {
    order_.forget();
  } else {
    order_.assume(last, recent, are_own);
  }
  returned_ = old_rows_ = deliveries_;
  store(layout::kReturned, returned_);
  store(layout::kOldRows, old_rows_);
  store(layout::kComplete, 0);
}

std::uint64_t PacketIds::load(std::size_t offset) const noexcept {
  return std::atomic_ref<std::uint64_t>{*reinterpret_cast<std::uint64_t*>(mapping_ + offset)}.load(
      std::memory_order_relaxed);
}

// Read by this process's successor, and one of them by another thread, which needs nothing else of what is
// written.
void PacketIds::store(std::size_t offset, std::uint64_t value) noexcept {
  std::atomic_ref<std::uint64_t>{*reinterpret_cast<std::uint64_t*>(mapping_ + offset)}.store(
      value, std::memory_order_relaxed);
}

std::vector<PacketId> PacketIds::unreleased() const {
  std::vector<PacketId> ids;
  for (std::size_t byte = 0; byte < kBitBytes; ++byte) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      if ((received_bits_[byte] & (1u << bit)) != 0) ids.push_back(static_cast<PacketId>(byte * 8 + bit));
    }
  }
  return ids;
}

}  // namespace mqtt_logger
