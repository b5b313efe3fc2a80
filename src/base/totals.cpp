#include "mqtt_logger/base/totals.hpp"

#include <fmt/core.h>

namespace mqtt_logger {

std::string to_string(const MessageTotals& totals) {
  std::string text = fmt::format("received {}", totals.received);
  if (totals.replayed != 0) text += fmt::format(" ({} replayed from the journal)", totals.replayed);
  text +=
      fmt::format(", written {}, pending {}, dropped {}", totals.written, totals.pending(), totals.dropped());
  if (totals.redelivered != 0) text += fmt::format(" ({} redelivered)", totals.redelivered);
  if (totals.too_large != 0) text += fmt::format(" ({} too large)", totals.too_large);
  if (totals.lost != 0) text += fmt::format(" ({} lost with the journal)", totals.lost);
  if (totals.excluded != 0) text += fmt::format(", excluded {}", totals.excluded);
  return text;
}

MessageTotals Statistics::totals() const noexcept {
  // What comes last on a message's way is read first.
  MessageTotals totals;
  totals.written = written.get();
  totals.lost = lost.get();
  totals.redelivered = redelivered.get();
  totals.too_large = too_large.get();
  totals.excluded = excluded.get();
  totals.replayed = replayed.get();
  totals.received = received.get() + totals.replayed;
  return totals;
}

}  // namespace mqtt_logger
