#pragma once

#include "mqtt_logger/journal/fingerprint.hpp"
#include "mqtt_logger/journal/identifier_order.hpp"
#include "mqtt_logger/journal/packet_id.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace mqtt_logger {

/// What was received under each packet identifier of the session: tells a redelivery from a new message.
///
/// The DUP flag alone proves nothing (a copy that was lost with its connection comes again as DUP and was
/// never seen), and identifiers are used again. So a redelivery is what has the identifier *and* the content
/// of the last message with that identifier. At QoS 1, and at QoS 2 after PUBREL, besides that the DUP flag,
/// within the last `window` deliveries, and one of these must hold:
/// - That message was never acknowledged: the process ended before. No broker may use its identifier again.
/// - The broker was seen to give out identifiers in order (IdentifierOrder).
/// - The session is young and has shown nothing against that: at least two messages came in order, or the
///   process was killed, and its connection did not stay quiet for long after that message. A broker that
///   takes the lowest free identifier could be mistaken then only if all of the session so far came in one
///   go, before the first acknowledgement was there, and an equal message with the same identifier after it
///   was lost: which is much rarer than a kill within the first second, which every broker answers with
///   redeliveries.
/// In all other cases a double is better than a loss.
///
/// Threads: the callback thread only, but for settle(); in a mapped file it outlives the process.
class PacketIds {
 public:
  /// The journal's mapping.
  explicit PacketIds(std::byte* mapping) noexcept;

  /// QoS 1: whether this is a redelivery of what the identifier last brought; if so it counts as seen again
  /// now.
  [[nodiscard]] bool is_redelivered(PacketId id, const Fingerprint& fingerprint,
                                    std::uint64_t window) noexcept;
  /// QoS 2: whether this content was received under this identifier and PUBREL was not seen since.
  [[nodiscard]] bool is_unreleased(PacketId id, const Fingerprint& fingerprint) const noexcept;
  /// QoS 2, marked as DUP: whether this was received and released and comes again nevertheless. Mosquitto
  /// does that (2.0, and as it seems every version) if two connections break one after the other while it
  /// waits for PUBCOMP, against section 4.3.3.
  [[nodiscard]] bool is_sent_after_release(PacketId id, const Fingerprint& fingerprint,
                                           std::uint64_t window) const noexcept;

  /// Remembers what the identifier brought.
  void remember(PacketId id, const Fingerprint& fingerprint, bool is_exactly_once,
                bool is_duplicate) noexcept;
  /// A message came under it that is not recorded.
  void pass_over(PacketId id, bool is_duplicate) noexcept { order_.note_message(id, is_duplicate, false); }
  /// All that was remembered may be acknowledged from now on.
  void end_delivery() noexcept;
  /// Called now and then while a connection lives: what might be acknowledged at the call before, on the same
  /// connection, is acknowledged. Another thread.
  void settle() noexcept;
  /// Takes an unfinished remember() back: the message never became visible.
  void forget(PacketId id) noexcept;
  /// QoS 2: PUBREL was seen.
  void release(PacketId id) noexcept;
  /// A new connection. `is_kept`: the broker says that it keeps the session. If it says that it does not,
  /// what came before is forgotten with the first message that is not marked as DUP: a new session begins
  /// with one (section 4.4), but a broker that does not know what it says (ActiveMQ 5) goes on where it was,
  /// with DUP.
  void begin_connection(bool is_kept) noexcept;
  /// A message comes. To be called before all that asks for it here.
  void begin_message(bool is_duplicate) noexcept {
    if (is_uncertain_ && !is_duplicate) forget_all();
  }
  /// Another session begins: what came before has nothing to do with it.
  void forget_all() noexcept;

  /// The process before this one was killed.
  void note_crash() noexcept { killed_up_to_ = deliveries_; }
  /// The rows are those of a journal of version 1, which knew no more than them.
  void upgrade() noexcept;

  /// QoS 2 identifiers whose PUBREL was not seen.
  [[nodiscard]] std::vector<PacketId> unreleased() const;
  /// For tests, which set its time.
  [[nodiscard]] IdentifierOrder& order() noexcept { return order_; }

 private:
  struct Row {
    std::uint64_t fingerprint;
    std::uint64_t number;  // of the delivery at QoS 1 or 2, from 1; 0: nothing known
  };

  [[nodiscard]] bool is_last_of(PacketId id, const Fingerprint& fingerprint,
                                std::uint64_t window) const noexcept;
  [[nodiscard]] bool is_same(const Row& row, const Fingerprint& fingerprint) const noexcept;
  [[nodiscard]] bool can_come_again(const Row& row) const noexcept;
  [[nodiscard]] std::uint64_t load(std::size_t offset) const noexcept;
  void store(std::size_t offset, std::uint64_t value) noexcept;

  std::byte* mapping_;
  std::uint8_t* received_bits_;
  Row* rows_;
  IdentifierOrder order_;
  std::uint64_t deliveries_ = 0;    // at QoS 1 and 2, in this session
  std::uint64_t returned_ = 0;      // of these; what came behind was never acknowledged
  std::uint64_t killed_up_to_ = 0;  // of these, when the process before this one was killed
  std::uint64_t old_rows_ = 0;      // of these, with fingerprints of version 1
  std::size_t unreleased_ = 0;
  bool is_uncertain_ = false;  // whether the session is the one that all this belongs to
  std::atomic<std::uint32_t> connections_{0};
  std::uint64_t returned_before_ = 0;  // of settle()'s thread, as the next one
  std::uint32_t completed_connection_ = 0;
};

}  // namespace mqtt_logger
