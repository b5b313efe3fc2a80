#include "connection.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>

namespace mqtt_logger::bench {
namespace {

constexpr std::size_t kReceiveBytes = std::size_t{64} * 1024;

int checked(int result, const char* what) {
  if (result >= 0) return result;
  std::perror(what);
  std::exit(1);
}

sockaddr_in local_address(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

bool would_wait() {
  return errno == EAGAIN || errno == EINTR;
}

}  // namespace

Connection::Connection(int descriptor) : descriptor_{descriptor} {
  const int yes = 1;
  checked(::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes), "TCP_NODELAY");
}

Connection::~Connection() {
  ::close(descriptor_);
}

int Connection::accept_one(std::uint16_t port) {
  const int listener = checked(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  sockaddr_in address = local_address(port);
  socklen_t size = sizeof address;
  checked(::bind(listener, reinterpret_cast<sockaddr*>(&address), size), "bind");
  checked(::listen(listener, 1), "listen");
  checked(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
  std::printf("listening %u\n", static_cast<unsigned>(ntohs(address.sin_port)));
  std::fflush(stdout);
  const int connection = checked(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC), "accept");
  ::close(listener);
  return connection;
}

int Connection::connect_to(std::uint16_t port) {
  const int connection = checked(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  const sockaddr_in address = local_address(port);
  checked(::connect(connection, reinterpret_cast<const sockaddr*>(&address), sizeof address), "connect");
  return connection;
}

Packet Connection::read() {
  Packet packet;
  while (!take(packet)) {
    wait(false);
    if (!receive()) {
      std::fputs("the other side has closed the connection\n", stderr);
      std::exit(1);
    }
  }
  return packet;
}

void Connection::send(std::string_view bytes) {
  for (send_some(bytes); !bytes.empty(); send_some(bytes)) wait(true);
}

void Connection::wait(bool wants_to_send) {
  pollfd events{descriptor_, static_cast<short>(POLLIN | (wants_to_send ? POLLOUT : 0)), 0};
  if (::poll(&events, 1, -1) < 0 && errno != EINTR) checked(-1, "poll");
}

bool Connection::receive() {
  received_.erase(0, taken_);
  taken_ = 0;
  const std::size_t size = received_.size();
  received_.resize(size + kReceiveBytes);
  const ssize_t count = ::recv(descriptor_, received_.data() + size, kReceiveBytes, MSG_DONTWAIT);
  received_.resize(size + static_cast<std::size_t>(count > 0 ? count : 0));
  // At once, and said anew after each time: a client that gathers small packets waits for it up to 40 ms.
  const int yes = 1;
  checked(::setsockopt(descriptor_, IPPROTO_TCP, TCP_QUICKACK, &yes, sizeof yes), "TCP_QUICKACK");
  return count > 0 || (count < 0 && would_wait());
}

bool Connection::take(Packet& packet) {
  const std::string_view bytes = std::string_view{received_}.substr(taken_);
  std::size_t length = 0;
  for (std::size_t at = 1; at < bytes.size(); ++at) {
    const auto digit = static_cast<unsigned char>(bytes[at]);
    length |= std::size_t{digit & 0x7Fu} << 7 * (at - 1);
    if (digit >= 0x80) continue;
    if (bytes.size() < at + 1 + length) return false;
    packet = {static_cast<unsigned char>(bytes[0]) / 16u, bytes.substr(at + 1, length)};
    taken_ += at + 1 + length;
    return true;
  }
  return false;
}

void Connection::send_some(std::string_view& bytes) {
  const ssize_t count = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  // Closed by the other side, perhaps with answers of ours still to come: receive() says so next.
  const bool is_closed = count < 0 && (errno == EPIPE || errno == ECONNRESET);
  if (count < 0 && !is_closed && !would_wait()) checked(-1, "send");
  if (is_closed) bytes = {};
  if (count > 0) bytes.remove_prefix(static_cast<std::size_t>(count));
}

void say_time(const char* name) {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  std::printf("%s %lld\n", name,
              static_cast<long long>(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count()));
  std::fflush(stdout);
}

}  // namespace mqtt_logger::bench
