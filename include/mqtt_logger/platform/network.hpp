#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

namespace mqtt_logger {

/// The addresses of a host, in the order in which the system prefers them.
struct Resolution {
  std::vector<std::string> addresses;  ///< IPv4 or IPv6, as text
  std::string error;                   ///< the system's reason where there are none
};

/// Asks the system for the addresses of a host name; waits for a name server.
[[nodiscard]] Resolution resolve(const std::string& host);

/// Whether a port of an address takes TCP connections: makes one and closes it again. The system's reason if
/// it does not; `std::errc::timed_out` after `timeout`, `std::errc::operation_canceled` when `is_cancelled`
/// is set meanwhile.
[[nodiscard]] std::error_code probe(const std::string& address, std::uint16_t port,
                                    std::chrono::milliseconds timeout, const std::atomic<bool>& is_cancelled);

/// From now on the host's name stands for this one of its addresses, for whatever looks it up in this
/// process: the client library takes the first address and never tries another. An empty address ends that.
/// Without effect where the system cannot do it (Windows). Any thread.
void use_address(const std::string& host, const std::string& address);

/// Whether this process has a TCP connection over IPv4 from its own port `from` to port `to`, both of the
/// loopback interface: so a connection that was accepted at `to` can be told from one that another process
/// has made. False if that cannot be found out. Any thread.
[[nodiscard]] bool has_loopback_connection(std::uint16_t from, std::uint16_t to) noexcept;

/// A TCP connection of this process, and how many bytes have come on it so far, read or not.
struct OpenConnection {
  std::uint16_t local_port = 0;
  std::uint64_t received_bytes = 0;
};

/// Those to that port of other hosts, as the system counts; none where it does not tell (it does on Linux).
/// Any thread.
[[nodiscard]] std::vector<OpenConnection> connections_to(std::uint16_t port);

}  // namespace mqtt_logger
