#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace mqtt_logger {

/// Which topic filters a session's broker does not take, so that they are not asked for again and the others
/// are logged. Some brokers say no by closing the connection (RabbitMQ): then the filters are asked for one
/// by one until it is known which one it is. All pure, but for its memory.
///
/// Threads: one owner.
class RefusedFilters {
 public:
  using Clock = std::chrono::steady_clock;

  /// The broker's own word: for good.
  void refuse(const std::string& session, const std::string& filter);
  /// Whether it is not to be asked for at `now`.
  [[nodiscard]] bool is_refused(const std::string& session, const std::string& filter,
                                Clock::time_point now) const;

  /// Whether filters are to be asked for one at a time.
  [[nodiscard]] bool is_one_by_one() const noexcept { return is_one_by_one_; }
  /// A connection ended while filters were unanswered; `only` is the one that was, if there was no other.
  /// True if this is the second time in a row with this one: it is refused, for an hour, in case it was
  /// chance.
  [[nodiscard]] bool note_loss(const std::string& session, const std::optional<std::string>& only,
                               Clock::time_point now);
  /// All were answered.
  void note_success() noexcept;

 private:
  using Key = std::pair<std::string, std::string>;  // session and filter
  std::map<Key, Clock::time_point> until_;
  std::optional<Key> suspect_;
  bool is_one_by_one_ = false;
};

}  // namespace mqtt_logger
