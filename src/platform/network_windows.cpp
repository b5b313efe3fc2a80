#include "mqtt_logger/platform/network.hpp"

#include <winsock2.h>
// After winsock2.h, which it needs.
#include <ws2tcpip.h>
// After both.
#include <iphlpapi.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <exception>
#include <memory>
#include <vector>

namespace mqtt_logger {
namespace {

/// Winsock counts its users: the client library is another one.
void begin_winsock() {
  static const bool is_begun = [] {
    WSADATA data{};
    return ::WSAStartup(MAKEWORD(2, 2), &data) == 0;
  }();
  static_cast<void>(is_begun);
}

struct FreeAddresses {
  void operator()(addrinfo* list) const noexcept { ::freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

Addresses look_up(const std::string& host, const char* port, int flags, int& result) {
  begin_winsock();
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* list = nullptr;
  result = ::getaddrinfo(host.c_str(), port, &hints, &list);
  return Addresses{result == 0 ? list : nullptr};
}

std::error_code to_error(int code) {
  switch (code) {  // those that callers ask for
    case WSAECONNREFUSED:
      return std::make_error_code(std::errc::connection_refused);
    case WSAEHOSTUNREACH:
      return std::make_error_code(std::errc::host_unreachable);
    case WSAENETUNREACH:
      return std::make_error_code(std::errc::network_unreachable);
    case WSAETIMEDOUT:
      return std::make_error_code(std::errc::timed_out);
    default:
      return {code, std::system_category()};
  }
}

class Socket {
 public:
  explicit Socket(const addrinfo& address) noexcept : handle_{::socket(address.ai_family, SOCK_STREAM, 0)} {}
  ~Socket() {
    if (handle_ != INVALID_SOCKET) ::closesocket(handle_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  [[nodiscard]] SOCKET handle() const noexcept { return handle_; }

 private:
  SOCKET handle_;
};

// select() and not WSAPoll(), which does not tell of a refused connection before Windows 10, version 2004.
std::error_code wait_until_connected(SOCKET handle, std::chrono::milliseconds timeout,
                                     const std::atomic<bool>& is_cancelled) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    fd_set connected{1, {handle}};
    fd_set failed{1, {handle}};
    timeval step{0, 50'000};  // so that a cancellation is noticed
    const int ready = ::select(0, nullptr, &connected, &failed, &step);
    if (ready == SOCKET_ERROR) return to_error(::WSAGetLastError());
    if (ready > 0) {
      int error = 0;
      int size = sizeof error;
      ::getsockopt(handle, SOL_SOCKET, SO_ERROR, reinterpret_cast<char*>(&error), &size);
      return error == 0 ? std::error_code{} : to_error(error);
    }
    if (is_cancelled.load(std::memory_order_relaxed))
      return std::make_error_code(std::errc::operation_canceled);
    if (std::chrono::steady_clock::now() >= deadline) return std::make_error_code(std::errc::timed_out);
  }
}

}  // namespace

Resolution resolve(const std::string& host) {
  Resolution resolution;
  int result = 0;
  const Addresses list = look_up(host, nullptr, 0, result);
  if (result != 0) {
    resolution.error = std::system_category().message(result);
    return resolution;
  }
  for (const addrinfo* entry = list.get(); entry != nullptr; entry = entry->ai_next) {
    std::array<char, NI_MAXHOST> text{};
    if (::getnameinfo(entry->ai_addr, static_cast<socklen_t>(entry->ai_addrlen), text.data(),
                      static_cast<DWORD>(text.size()), nullptr, 0, NI_NUMERICHOST) != 0)
      continue;
    std::string address{text.data()};
    if (std::ranges::find(resolution.addresses, address) == resolution.addresses.end())
      resolution.addresses.push_back(std::move(address));
  }
  return resolution;
}

std::error_code probe(const std::string& address, std::uint16_t port, std::chrono::milliseconds timeout,
                      const std::atomic<bool>& is_cancelled) {
  int result = 0;
  const Addresses list = look_up(address, std::to_string(port).c_str(), AI_NUMERICHOST, result);
  if (!list) return std::make_error_code(std::errc::address_not_available);
  const Socket socket{*list};
  if (socket.handle() == INVALID_SOCKET) return to_error(::WSAGetLastError());
  u_long is_nonblocking = 1;
  ::ioctlsocket(socket.handle(), FIONBIO, &is_nonblocking);
  if (::connect(socket.handle(), list->ai_addr, static_cast<int>(list->ai_addrlen)) == 0) return {};
  const int error = ::WSAGetLastError();
  if (error != WSAEWOULDBLOCK) return to_error(error);
  return wait_until_connected(socket.handle(), timeout, is_cancelled);
}

// Nothing in a Windows program comes before what a DLL imports.
void use_address(const std::string&, const std::string&) {}

// Windows tells it to whom has the socket, which is the client library's.
std::vector<OpenConnection> connections_to(std::uint16_t) {
  return {};
}

bool has_loopback_connection(std::uint16_t from, std::uint16_t to) noexcept {
  try {
    std::vector<std::byte> memory(64 * 1024);
    for (int attempt = 0; attempt < 5; ++attempt) {  // connections may be added between two calls
      auto size = static_cast<DWORD>(memory.size());
      const DWORD result =
          ::GetExtendedTcpTable(memory.data(), &size, FALSE, AF_INET, TCP_TABLE_OWNER_PID_CONNECTIONS, 0);
      if (result == ERROR_INSUFFICIENT_BUFFER) {
        memory.resize(static_cast<std::size_t>(size) * 2);
        continue;
      }
      if (result != NO_ERROR) return false;
      const auto& table = *reinterpret_cast<const MIB_TCPTABLE_OWNER_PID*>(memory.data());
      const u_long loopback = ::htonl(INADDR_LOOPBACK);
      return std::any_of(table.table, table.table + table.dwNumEntries, [&](const MIB_TCPROW_OWNER_PID& row) {
        return row.dwOwningPid == ::GetCurrentProcessId() && row.dwLocalAddr == loopback &&
               row.dwRemoteAddr == loopback && ::ntohs(static_cast<u_short>(row.dwLocalPort)) == from &&
               ::ntohs(static_cast<u_short>(row.dwRemotePort)) == to;
      });
    }
  } catch (const std::exception&) {
    return false;  // without memory
  }
  return false;
}

}  // namespace mqtt_logger
