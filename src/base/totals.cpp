#include "mqtt_logger/base/totals.hpp"

#include <fmt/core.h>

namespace mqtt_logger {

std::string to_string(const Account& account) {
  std::string text = fmt::format("received {}", account.received);
  if (account.replayed != 0) text += fmt::format(" ({} replayed from the journal)", account.replayed);
  text += fmt::format(", written {}, pending {}, dropped {}", account.written, account.pending(),
                      account.dropped());
  if (account.redelivered != 0) text += fmt::format(" ({} redelivered)", account.redelivered);
  if (account.too_large != 0) text += fmt::format(" ({} too large)", account.too_large);
  if (account.lost != 0) text += fmt::format(" ({} lost with the journal)", account.lost);
  if (account.excluded != 0) text += fmt::format(", excluded {}", account.excluded);
  return text;
}

Account Statistics::account() const noexcept {
  // What comes last on a message's way is read first.
  Account account;
  account.written = written.get();
  account.lost = lost.get();
  account.redelivered = redelivered.get();
  account.too_large = too_large.get();
  account.excluded = excluded.get();
  account.replayed = replayed.get();
  account.received = received.get() + account.replayed;
  return account;
}

}  // namespace mqtt_logger
