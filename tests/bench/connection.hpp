#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace mqtt_logger::bench {

/// One packet: the upper half of its first byte, and what follows the length.
struct Packet {
  unsigned type = 0;
  std::string_view body;
};

/// A TCP connection of 127.0.0.1 that speaks in MQTT packets, for one thread. Ends the process with a line on
/// standard error when something fails, or read() finds the other side gone: there is nothing to measure.
class Connection {
 public:
  explicit Connection(int descriptor);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Makes a listener on 127.0.0.1 (port 0: a free one), says `listening PORT` on standard output, and takes
  /// the first who comes.
  [[nodiscard]] static int accept_one(std::uint16_t port);
  [[nodiscard]] static int connect_to(std::uint16_t port);

  /// Waits until the next packet is there; its body is valid until the next call.
  Packet read();
  void send(std::string_view bytes);

  /// Waits until something can be received, or sent if `wants_to_send`.
  void wait(bool wants_to_send);
  /// Receives what is there, without waiting. False once the other side has closed.
  bool receive();
  /// The next packet of those received; false if there is no whole one. Valid until receive().
  bool take(Packet& packet);
  /// Sends as much as is taken without waiting, and cuts it from `bytes`; all of it if the other side is
  /// gone.
  void send_some(std::string_view& bytes);

 private:
  int descriptor_;
  std::string received_;
  std::size_t taken_ = 0;
};

/// `NAME NANOSECONDS`, of the monotonic clock, as a line on standard output.
void say_time(const char* name);

}  // namespace mqtt_logger::bench
