#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mqtt_logger::bench {

enum class PayloadKind : std::uint8_t { json, number, large };

/// What is sent, and how: read from the command line.
struct StreamPlan {
  std::uint64_t messages = 1'000'000;
  unsigned qos = 0;
  PayloadKind payload = PayloadKind::json;
  std::size_t topics = 100;
  std::size_t window = 1000;  ///< messages of QoS 1 and 2 that may be unacknowledged
  std::uint16_t port = 0;     ///< of the broker; 0: any free one, where we are the broker
};

/// `--messages N --qos N --payload json|number|large --topics N --window N --port N`. Ends the process with a
/// line on standard error if something else stands there.
[[nodiscard]] StreamPlan read_plan(int argc, char** argv);

/// The n-th payload: a JSON reading of 43 to 48 bytes, a plain number of 4 to 6 bytes, or JSON of 1 KiB.
[[nodiscard]] std::string make_payload(PayloadKind kind, std::size_t number);
[[nodiscard]] std::string make_topic(std::size_t number, std::size_t topics);

/// The length of what follows a packet's first byte, as MQTT writes it (section 2.2.3).
void append_variable(std::string& out, std::size_t value);

/// PUBLISH packets made in advance, which are sent over and over: sending costs a system call for many of
/// them. The packet identifiers go through their range a whole number of times, so that none is used again
/// while it is unacknowledged.
class PreparedPackets {
 public:
  static constexpr std::size_t kCount = 100'000;
  static constexpr std::size_t kPacketIds = 50'000;

  PreparedPackets(const StreamPlan& plan, bool is_version_5);

  /// Whole packets from the one numbered `begin` (of the stream) on: at most `count`, and as many as fit into
  /// `max_bytes`, at least one. `count` becomes their number.
  [[nodiscard]] std::string_view slice(std::uint64_t begin, std::uint64_t& count,
                                       std::size_t max_bytes) const noexcept;

 private:
  std::string bytes_;
  std::vector<std::size_t> offsets_;  // of each packet, and the end
};

}  // namespace mqtt_logger::bench
