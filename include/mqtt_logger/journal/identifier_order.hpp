#pragma once

#include "mqtt_logger/journal/packet_id.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace mqtt_logger {

/// Whether the broker gives out packet identifiers in order, as far as this session has shown: 1, 2, 3 …
/// 65,535, 1.
///
/// It decides what an equal message with an equal identifier and the DUP flag is. The flag says that the
/// broker has sent it before, not that we have received it. A broker that counts comes back to an identifier
/// after 65,535 messages: then it is what we have, sent again because our acknowledgement was lost. A broker
/// that takes the lowest identifier that is free gives the same one to message after message: then it may be
/// a new message, equal to the last, whose first copy was lost with the connection, and to drop it would lose
/// it.
///
/// Evidence, each kind by itself:
/// - against: a message that was not sent before comes under an identifier that was used a short while ago,
///   or under a lower one than the last;
/// - for: it comes a second or more after all before it was acknowledged, and has the next identifier
/// nevertheless:
///   by then lower ones were free for long;
/// - for: 4,096 messages in order, far more than any broker has in flight. After evidence against, that alone
///   counts, and after evidence against twice (a broker that starts over with each connection) nothing does.
/// In a session that has shown neither yet, see PacketIds.
///
/// Threads: the callback thread only.
/// Layout:  one word in a mapped file (u64): bits 0 to 15 the last identifier, 16 to 47 how many messages
///          came in turn, 48 there was evidence against, 49 there was a pause that was evidence for, 50
///          against twice.
class IdentifierOrder {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit IdentifierOrder(std::byte* word) noexcept : word_{reinterpret_cast<std::uint64_t*>(word)} {}

  /// A message has come. `is_used_again`: its identifier was used a short while ago.
  void note_message(PacketId id, bool is_duplicate, bool is_used_again) noexcept;
  /// All that has come is acknowledged, and its identifiers are free; or it is not, because something has
  /// come since of which they are not.
  void note_all_acknowledged(bool are_all) noexcept;
  /// The broker has not heard what was acknowledged on the connection before.
  void begin_connection() noexcept { acknowledged_.reset(); }
  void forget() noexcept;
  /// What an older version has left in the rows of PacketIds: so many messages in order, up to `last`, or the
  /// contrary.
  void assume(PacketId last, std::uint64_t in_turn, bool is_in_order) noexcept;

  [[nodiscard]] bool is_in_order() const noexcept;
  [[nodiscard]] bool is_out_of_order() const noexcept;
  /// How many messages came in order, as far as is known.
  [[nodiscard]] std::uint64_t in_turn() const noexcept;

  /// Tests set the time; otherwise it is asked for when it matters.
  void set_time(std::optional<Time> now) noexcept { given_time_ = now; }

 private:
  [[nodiscard]] std::uint64_t load() const noexcept;
  void store(std::uint64_t value) noexcept;
  [[nodiscard]] Time now() const noexcept {
    return given_time_ ? *given_time_ : std::chrono::steady_clock::now();
  }

  std::uint64_t* word_;
  std::optional<Time> acknowledged_;  // the latest, on this connection
  std::optional<Time> given_time_;
};

}  // namespace mqtt_logger
