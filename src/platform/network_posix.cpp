#include "mqtt_logger/platform/network.hpp"

#include "error_posix.hpp"

#include <arpa/inet.h>
#ifdef __linux__
#include <dirent.h>
#endif
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#ifdef __linux__
#include <linux/tcp.h>  // has more of TCP_INFO than the C library's header
#endif
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>

namespace mqtt_logger {
namespace {

using NameLookup = int (*)(const char*, const char*, const addrinfo*, addrinfo**);

/// The system's own, behind the one below.
NameLookup system_look_up() noexcept {
  static const auto function = reinterpret_cast<NameLookup>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  return function;
}

struct FreeAddresses {
  void operator()(addrinfo* list) const noexcept { ::freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

/// Which address stands for a host. Never destroyed: the library's threads may outlive main().
struct Choices {
  std::mutex mutex;  ///< guards the map
  std::map<std::string, std::string> addresses;
};

Choices& choices() {
  static auto& all = *new Choices;
  return all;
}

std::string chosen_address(const std::string& host) noexcept {
  const std::lock_guard lock{choices().mutex};
  const auto found = choices().addresses.find(host);
  return found == choices().addresses.end() ? std::string{} : found->second;
}

Addresses look_up(const std::string& host, const char* port, int flags, int& result) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* list = nullptr;
  result = system_look_up()(host.c_str(), port, &hints, &list);
  return Addresses{result == 0 ? list : nullptr};
}

class Socket {
 public:
  explicit Socket(const addrinfo& address) noexcept
      : descriptor_{::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)} {}
  ~Socket() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

 private:
  int descriptor_;
};

std::error_code wait_until_connected(int descriptor, std::chrono::milliseconds timeout,
                                     const std::atomic<bool>& is_cancelled) {
  constexpr int kStep = 50;  // milliseconds, so that a cancellation is noticed
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    pollfd entry{descriptor, POLLOUT, 0};
    const int ready = ::poll(&entry, 1, kStep);
    if (ready < 0 && errno != EINTR) return last_error();
    if (ready > 0) {
      int error = 0;
      socklen_t size = sizeof error;
      if (::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return last_error();
      return {error, std::system_category()};
    }
    if (is_cancelled.load(std::memory_order_relaxed))
      return std::make_error_code(std::errc::operation_canceled);
    if (std::chrono::steady_clock::now() >= deadline) return std::make_error_code(std::errc::timed_out);
  }
}

/// The port of one end of a socket; 0 if it is no connected TCP socket.
using NameOf = int (*)(int, sockaddr*, socklen_t*);
std::uint16_t port_of(int descriptor, NameOf name_of, bool is_loopback_wanted) noexcept {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (name_of(descriptor, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  if (address.ss_family == AF_INET) {
    const auto& ipv4 = reinterpret_cast<const sockaddr_in&>(address);
    const bool is_loopback = ipv4.sin_addr.s_addr == htonl(INADDR_LOOPBACK);
    return is_loopback_wanted && !is_loopback ? std::uint16_t{0} : ntohs(ipv4.sin_port);
  }
  if (address.ss_family == AF_INET6 && !is_loopback_wanted)
    return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
  return 0;
}

/// Calls `visit` with every descriptor of this process, until it returns true. Where the system does not list
/// them, with all that there may be: they are given out from the smallest on, so those beyond a million are
/// not worth the time.
template <typename Visit>
bool any_descriptor(Visit visit) noexcept {
#ifdef __linux__
  if (DIR* const folder = ::opendir("/proc/self/fd"); folder != nullptr) {
    bool is_found = false;
    while (const dirent* const entry = is_found ? nullptr : ::readdir(folder)) {
      if (entry->d_name[0] != '.') is_found = visit(std::atoi(entry->d_name));
    }
    ::closedir(folder);
    return is_found;
  }
#endif
  constexpr long kMost = 1L << 20;
  const long limit = ::sysconf(_SC_OPEN_MAX);
  const int count = static_cast<int>(limit < 0 || limit > kMost ? kMost : limit);
  for (int descriptor = 0; descriptor < count; ++descriptor) {
    if (visit(descriptor)) return true;
  }
  return false;
}

}  // namespace

Resolution resolve(const std::string& host) {
  Resolution resolution;
  int result = 0;
  const Addresses list = look_up(host, nullptr, 0, result);
  if (result != 0) {
    resolution.error = result == EAI_SYSTEM ? last_error().message() : ::gai_strerror(result);
    return resolution;
  }
  for (const addrinfo* entry = list.get(); entry != nullptr; entry = entry->ai_next) {
    std::array<char, NI_MAXHOST> text{};
    if (::getnameinfo(entry->ai_addr, entry->ai_addrlen, text.data(), text.size(), nullptr, 0,
                      NI_NUMERICHOST) != 0)
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
  const Addresses list =
      look_up(address, std::to_string(port).c_str(), AI_NUMERICHOST | AI_NUMERICSERV, result);
  if (!list) return std::make_error_code(std::errc::address_not_available);
  const Socket socket{*list};
  if (socket.descriptor() < 0) return last_error();
  if (::connect(socket.descriptor(), list->ai_addr, list->ai_addrlen) == 0) return {};
  if (errno != EINPROGRESS) return last_error();
  return wait_until_connected(socket.descriptor(), timeout, is_cancelled);
}

void use_address(const std::string& host, const std::string& address) {
  const std::lock_guard lock{choices().mutex};
  if (address.empty()) {
    choices().addresses.erase(host);
  } else {
    choices().addresses[host] = address;
  }
}

bool has_loopback_connection(std::uint16_t from, std::uint16_t to) noexcept {
  return any_descriptor([from, to](int descriptor) {
    return port_of(descriptor, ::getpeername, true) == to && port_of(descriptor, ::getsockname, true) == from;
  });
}

std::vector<OpenConnection> connections_to(std::uint16_t port) {
  std::vector<OpenConnection> found;
#ifdef __linux__
  any_descriptor([&](int descriptor) {
    if (port_of(descriptor, ::getpeername, false) != port) return false;
    tcp_info info{};
    socklen_t size = sizeof info;
    if (::getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return false;
    if (size < offsetof(tcp_info, tcpi_bytes_received) + sizeof info.tcpi_bytes_received) return false;
    found.push_back({port_of(descriptor, ::getsockname, false), info.tcpi_bytes_received});
    return false;
  });
#else
  static_cast<void>(port);
#endif
  return found;
}

}  // namespace mqtt_logger

// By the rules of symbol resolution (ELF) the program's definition comes before the C library's, for the
// client library as well, which takes the first address of a name and never tries another. Here a name for
// which use_address() has chosen an address stands for that one alone; all else is as ever.
extern "C" int getaddrinfo(const char* __restrict host, const char* __restrict service,
                           const addrinfo* __restrict hints, addrinfo** __restrict result) {
  if (host == nullptr) return mqtt_logger::system_look_up()(host, service, hints, result);
  const std::string address = mqtt_logger::chosen_address(host);
  return mqtt_logger::system_look_up()(address.empty() ? host : address.c_str(), service, hints, result);
}
