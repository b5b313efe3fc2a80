#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace mqtt_logger {

/// MQTT's packet identifier (MQTT 5, section 2.2.1): 1 to 65,535; 0 where a packet has none.
using PacketId = std::uint16_t;

/// What was received under each packet identifier of the session: tells a redelivery from a new message.
///
/// The DUP flag alone proves nothing (a copy that was lost with its connection comes again as DUP and was
/// never seen), and identifiers are used again, so a redelivery is what has the identifier *and* the content
/// of the last message with that identifier, at QoS 1 besides the DUP flag, within the last `window`
/// deliveries.
///
/// Threads: the callback thread only; in a mapped file it outlives the process.
class PacketIds {
 public:
  /// The regions at layout::kReceivedBits and layout::kRows.
  PacketIds(std::byte* received_bits, std::byte* rows) noexcept;

  /// QoS 1: whether this is a redelivery of what the identifier last brought; if so it counts as seen again
  /// now.
  [[nodiscard]] bool is_redelivered(PacketId id, std::uint64_t fingerprint, std::uint64_t window) noexcept;
  /// QoS 2: whether this content was received under this identifier and PUBREL was not seen since.
  [[nodiscard]] bool is_unreleased(PacketId id, std::uint64_t fingerprint) const noexcept;
  /// QoS 2, marked as DUP: whether this was received and released and comes again nevertheless. Mosquitto
  /// does that (2.0, and as it seems every version) if two connections break one after the other while it
  /// waits for PUBCOMP, against section 4.3.3. Only believed of a broker that gives out identifiers in turn:
  /// where they come back soon, it may be a new message, and nothing may be lost.
  [[nodiscard]] bool is_sent_after_release(PacketId id, std::uint64_t fingerprint,
                                           std::uint64_t window) const noexcept;

  /// Remembers what the identifier brought.
  void remember(PacketId id, std::uint64_t fingerprint, bool is_exactly_once) noexcept;
  /// Takes an unfinished remember() back: the message never became visible.
  void forget(PacketId id) noexcept;
  /// QoS 2: PUBREL was seen.
  void release(PacketId id) noexcept;
  /// The broker began a new session: what came before has nothing to do with it.
  void forget_all() noexcept;

  /// QoS 2 identifiers whose PUBREL was not seen.
  [[nodiscard]] std::vector<PacketId> unreleased() const;

 private:
  [[nodiscard]] bool is_last_of(PacketId id, std::uint64_t fingerprint, std::uint64_t window) const noexcept;
  [[nodiscard]] bool come_in_turn(std::uint64_t window) const noexcept;

  struct Row {
    std::uint64_t fingerprint;
    std::uint64_t number;  // of the delivery at QoS 1 or 2, from 1; 0: nothing known
  };

  std::uint8_t* received_bits_;
  Row* rows_;
  std::uint64_t deliveries_ = 0;  // at QoS 1 and 2, in this session
};

}  // namespace mqtt_logger
