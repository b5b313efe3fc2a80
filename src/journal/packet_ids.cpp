#include "mqtt_logger/journal/packet_ids.hpp"

#include "mqtt_logger/journal/crash_point.hpp"
#include "mqtt_logger/journal/layout.hpp"

#include <algorithm>
#include <cstring>
#include <span>

namespace mqtt_logger {
namespace {

constexpr std::size_t kBitBytes = layout::kPacketIds / 8;
constexpr std::uint64_t kTellingDeliveries = 4096;  // far more than a broker has in flight at once

constexpr std::size_t byte_of(PacketId id) noexcept {
  return id / 8u;
}
constexpr std::uint8_t bit_of(PacketId id) noexcept {
  return static_cast<std::uint8_t>(1u << (id % 8u));
}

}  // namespace

PacketIds::PacketIds(std::byte* received_bits, std::byte* rows) noexcept
    : received_bits_{reinterpret_cast<std::uint8_t*>(received_bits)}, rows_{reinterpret_cast<Row*>(rows)} {
  static_assert(sizeof(Row) == 16);
  for (const Row& row : std::span{rows_, layout::kPacketIds}) deliveries_ = std::max(deliveries_, row.number);
}

// Whether this is what the identifier last brought, and not too long ago.
bool PacketIds::is_last_of(PacketId id, std::uint64_t fingerprint, std::uint64_t window) const noexcept {
  const Row& row = rows_[id];
  return row.number != 0 && row.fingerprint == fingerprint && deliveries_ - row.number < window;
}

bool PacketIds::is_redelivered(PacketId id, std::uint64_t fingerprint, std::uint64_t window) noexcept {
  const bool is_known = is_last_of(id, fingerprint, window);
  if (is_known)
    rows_[id].number = ++deliveries_;  // so that the distance stays within the window over many reconnects
  return is_known;
}

bool PacketIds::is_unreleased(PacketId id, std::uint64_t fingerprint) const noexcept {
  return (received_bits_[byte_of(id)] & bit_of(id)) != 0 && rows_[id].fingerprint == fingerprint;
}

bool PacketIds::is_sent_after_release(PacketId id, std::uint64_t fingerprint,
                                      std::uint64_t window) const noexcept {
  return is_last_of(id, fingerprint, window) && come_in_turn(window);
}

// Whether nearly all of the last deliveries came under identifiers of their own.
bool PacketIds::come_in_turn(std::uint64_t window) const noexcept {
  const std::uint64_t deliveries = std::min(deliveries_, window);
  const auto is_recent = [&](const Row& row) { return row.number > deliveries_ - deliveries; };
  const auto ids = std::ranges::count_if(std::span{rows_, layout::kPacketIds}, is_recent);
  return deliveries >= kTellingDeliveries && static_cast<std::uint64_t>(ids) >= deliveries - deliveries / 16;
}

void PacketIds::remember(PacketId id, std::uint64_t fingerprint, bool is_exactly_once) noexcept {
  rows_[id] = {fingerprint, ++deliveries_};
  crash_point("row-stored");
  if (is_exactly_once) received_bits_[byte_of(id)] |= bit_of(id);
}

void PacketIds::forget(PacketId id) noexcept {
  rows_[id] = {};
  release(id);
}

void PacketIds::release(PacketId id) noexcept {
  received_bits_[byte_of(id)] = static_cast<std::uint8_t>(received_bits_[byte_of(id)] & ~bit_of(id));
}

void PacketIds::forget_all() noexcept {
  std::memset(received_bits_, 0, kBitBytes);
  crash_point("bits-forgotten");
  std::memset(static_cast<void*>(rows_), 0, layout::kPacketIds * sizeof(Row));
  deliveries_ = 0;
  crash_point("ids-forgotten");
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
