#include "mqtt_logger/journal/identifier_order.hpp"

#include <algorithm>
#include <atomic>

namespace mqtt_logger {
namespace {

constexpr std::uint64_t kIdMask = 0xFFFF;
constexpr unsigned kInOrderShift = 16;
constexpr std::uint64_t kMaximumInOrder = 0xFFFFFFFF;
constexpr std::uint64_t kAgainst = std::uint64_t{1} << 48;
constexpr std::uint64_t kFor = std::uint64_t{1} << 49;
constexpr std::uint64_t kAgainstTwice = std::uint64_t{1} << 50;

constexpr std::uint64_t kTellingMessages = 4096;
constexpr std::chrono::seconds kTellingPause{1};

constexpr std::uint64_t in_order_count(std::uint64_t word) noexcept {
  return word >> kInOrderShift & kMaximumInOrder;
}

constexpr std::uint64_t make_word(PacketId last, std::uint64_t in_turn, std::uint64_t flags) noexcept {
  return last | std::min(in_turn, kMaximumInOrder) << kInOrderShift | flags;
}

// How far behind `last` an identifier is, going round; they are 1 to 65,535.
constexpr unsigned distance(PacketId last, PacketId id) noexcept {
  constexpr unsigned kIds = 65535;
  return (kIds + id - last) % kIds;
}
constexpr unsigned kHalfWay = 32768;

bool is_telling(std::uint64_t word) noexcept {
  return in_order_count(word) >= kTellingMessages && (word & kAgainstTwice) == 0;
}

}  // namespace

void IdentifierOrder::note_message(PacketId id, bool is_duplicate, bool is_used_again) noexcept {
  const std::uint64_t before = load();
  const auto last = static_cast<PacketId>(before & kIdMask);
  const bool is_ahead = last == 0 || distance(last, id) - 1 < kHalfWay;
  if (is_duplicate) {  // sent before, perhaps long ago: no evidence, but the next one may follow it
    if (is_ahead) store((before & ~kIdMask) | id);
    return;
  }
  if (is_used_again || !is_ahead) {
    store(make_word(id, 0, kAgainst | ((before & kAgainst) != 0 ? kAgainstTwice : 0)));
    return;
  }
  const bool is_next =
      last == 0 || distance(last, id) == 1;  // others were dropped by the broker, or excluded
  std::uint64_t flags = before & (kAgainst | kFor | kAgainstTwice);
  const bool is_open = flags == 0 && !is_telling(before);
  if (is_open && is_next && last != 0 && acknowledged_ && now() - *acknowledged_ >= kTellingPause)
    flags |= kFor;
  store(make_word(id, in_order_count(before) + (is_next ? 1 : 0), flags));
}

void IdentifierOrder::note_all_acknowledged(bool are_all) noexcept {
  if (!are_all) {
    acknowledged_.reset();
  } else if (!is_in_order() && !is_out_of_order()) {  // else it does not matter, and the clock has its price
    acknowledged_ = now();
  }
}

void IdentifierOrder::forget() noexcept {
  store(0);
  acknowledged_.reset();
}

void IdentifierOrder::assume(PacketId last, std::uint64_t in_turn, bool is_in_order) noexcept {
  store(make_word(last, in_turn, is_in_order ? kFor : kAgainst));
}

bool IdentifierOrder::is_in_order() const noexcept {
  return (load() & kFor) != 0 || is_telling(load());
}

bool IdentifierOrder::is_out_of_order() const noexcept {
  return (load() & kAgainst) != 0 && !is_telling(load());
}

std::uint64_t IdentifierOrder::in_turn() const noexcept {
  return in_order_count(load());
}

std::uint64_t IdentifierOrder::load() const noexcept {
  return std::atomic_ref<std::uint64_t>{*word_}.load(std::memory_order_relaxed);
}

// Only this process's successor reads it.
void IdentifierOrder::store(std::uint64_t value) noexcept {
  std::atomic_ref<std::uint64_t>{*word_}.store(value, std::memory_order_relaxed);
}

}  // namespace mqtt_logger
