#pragma once

#include "mqtt_logger/publish/outgoing_message.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>

namespace mqtt_logger {

/// A message on its way to the broker.
struct InFlightPublish {
  OutgoingMessage message;
  bool is_complete = false;  ///< acknowledged, or refused for good
};

/// What one client publishes and the broker has not completed yet, in order.
///
/// Threads: acknowledge(), note_sent() and refuse() on any; everything else by the owner, who alone adds and
///          removes. So the owner may look at an InFlightPublish's message without a lock, and the library may
///          hold a pointer to one until it is completed: it never moves.
class InFlight {
 public:
  InFlightPublish& add(OutgoingMessage message);
  void acknowledge(InFlightPublish& delivery);
  /// At QoS 0, which nobody acknowledges: it is given to the system.
  void note_sent(InFlightPublish& delivery);
  /// The connection has ended: what was sent on it at QoS 0 may not have arrived.
  void note_loss();
  /// False if it was completed before.
  bool refuse(InFlightPublish& delivery);
  /// As refused: the oldest that is not completed; nothing if there is none.
  const InFlightPublish* give_up_oldest();
  void forget_complete();

  /// Calls `send` for each that is not completed, oldest first; returns for how many.
  template <typename Send>
  std::size_t send_again(Send send) {
    std::size_t count = 0;
    for (InFlightPublish& delivery : all_) {
      if (is_complete(delivery)) continue;
      ++count;
      send(delivery);
    }
    return count;
  }

  [[nodiscard]] std::size_t count() const;
  [[nodiscard]] std::uint64_t acknowledged() const;
  [[nodiscard]] std::uint64_t sent() const;
  [[nodiscard]] bool is_any_uncertain() const;
  [[nodiscard]] std::uint64_t refused() const;

 private:
  [[nodiscard]] bool is_complete(const InFlightPublish& delivery) const;
  bool complete(InFlightPublish& delivery, std::uint64_t& counter);

  std::deque<InFlightPublish> all_;  ///< oldest first; a deque never moves the others when one comes or goes
  mutable std::mutex mutex_;         ///< guards what follows, and each InFlightPublish's is_complete
  std::size_t count_ = 0;
  std::uint64_t acknowledged_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t sent_before_ = 0;  ///< on connections that have ended
  bool is_any_uncertain_ = false;
  std::uint64_t refused_ = 0;
};

}  // namespace mqtt_logger
