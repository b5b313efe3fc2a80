#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace mqtt_logger {

/// How much has come on the TCP connection that the client library makes, whose socket it does not show: the
/// one that was not there before, of those to the same port. Where another one is made in the same moment,
/// both count.
///
/// Threads: one owner.
class ReceivedBytes {
 public:
  /// Before the library connects to this port.
  void begin(std::uint16_t port);
  /// When the connection stands.
  void settle();
  /// Nothing where the system does not tell.
  [[nodiscard]] std::optional<std::uint64_t> count() const;

 private:
  std::uint16_t port_ = 0;             ///< the broker's
  std::vector<std::uint16_t> others_;  ///< local ports of connections that are not ours
  std::vector<std::uint16_t> ours_;
};

}  // namespace mqtt_logger
