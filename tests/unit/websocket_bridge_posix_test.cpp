#include "mqtt_logger/connection/websocket_bridge.hpp"

#include "support/catch.hpp"
#include "support/quiet_log.hpp"

#include <arpa/inet.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <system_error>
#include <thread>

using namespace mqtt_logger;
using namespace mqtt_logger::test;
using namespace std::chrono_literals;

namespace {

/// A port of 127.0.0.1 where nothing listens, as long as this lives.
class ClosedPort {
 public:
  ClosedPort() : descriptor_{::socket(AF_INET, SOCK_STREAM, 0)} {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(::bind(descriptor_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(::getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    number_ = ntohs(address.sin_port);
  }
  ~ClosedPort() { ::close(descriptor_); }
  ClosedPort(const ClosedPort&) = delete;
  ClosedPort& operator=(const ClosedPort&) = delete;
  [[nodiscard]] std::uint16_t number() const { return number_; }

 private:
  int descriptor_;
  std::uint16_t number_ = 0;
};

int connect_to(const std::string& uri) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(uri.substr(uri.rfind(':') + 1))));
  const int descriptor = ::socket(AF_INET, SOCK_STREAM, 0);
  if (::connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return descriptor;
  ::close(descriptor);
  return -1;
}

/// Whether the other side closes the connection without a byte.
bool is_turned_away(int descriptor) {
  char byte = 0;
  return descriptor >= 0 && ::recv(descriptor, &byte, 1, 0) <= 0;
}

/// Takes the request for a WebSocket, and grants it.
void answer_upgrade(int server) {
  std::string request;
  for (char byte = 0; request.find("\r\n\r\n") == std::string::npos; request += byte)
    REQUIRE(::recv(server, &byte, 1, 0) == 1);
  const std::string name = "Sec-WebSocket-Key: ";
  const std::size_t begin = request.find(name) + name.size();
  const std::string key = request.substr(begin, request.find("\r\n", begin) - begin);
  const std::string joined = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, 20> digest{};
  unsigned length = 0;
  REQUIRE(EVP_Digest(joined.data(), joined.size(), digest.data(), &length, EVP_sha1(), nullptr) == 1);
  std::array<unsigned char, 64> accept{};
  EVP_EncodeBlock(accept.data(), digest.data(), 20);
  const std::string answer =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Protocol: mqtt\r\nSec-WebSocket-Accept: " +
      std::string{reinterpret_cast<const char*>(accept.data())} + "\r\n\r\n";
  REQUIRE(::send(server, answer.data(), answer.size(), 0) == static_cast<ssize_t>(answer.size()));
}

Options make_options() {
  Options options;
  options.connect_timeout = 5s;
  return options;
}

}  // namespace

TEST_CASE("A bridge turns another process away, and waits for this one") {
  const QuietLog quiet;
  const ClosedPort closed;
  const BrokerAddress broker{"127.0.0.1", closed.number(), Transport::ws, "/mqtt"};
  const WebSocketBridge bridge{make_options(), broker, 60s};
  for (int i = 0; i < 3; ++i) {
    const pid_t stranger = ::fork();
    if (stranger == 0) ::_exit(is_turned_away(connect_to(bridge.uri())) ? 0 : 1);
    int status = 0;
    REQUIRE(::waitpid(stranger, &status, 0) == stranger);
    CHECK(WEXITSTATUS(status) == 0);
    CHECK_FALSE(bridge.failure());  // the broker was not even looked for
  }
  const int own = connect_to(bridge.uri());
  REQUIRE(own >= 0);
  CHECK(is_turned_away(own));  // when there is no broker
  const auto failure = bridge.failure();
  REQUIRE(failure);
  CHECK(failure->reason.find("connection refused") != std::string::npos);
  ::close(own);
}

TEST_CASE("A bridge takes one connection, and its port is closed after that") {
  const QuietLog quiet;
  // It is connected to, and no answer comes: the listener's queue takes the connection.
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE(::bind(listener, reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(::listen(listener, 1) == 0);
  REQUIRE(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  {
    const BrokerAddress broker{"127.0.0.1", ntohs(address.sin_port), Transport::ws, "/mqtt"};
    const WebSocketBridge bridge{make_options(), broker, 60s};
    const int own = connect_to(bridge.uri());
    REQUIRE(own >= 0);
    int second = -1;
    for (int i = 0; i < 500 && (second = connect_to(bridge.uri())) >= 0; ++i) {
      CHECK(is_turned_away(second));
      ::close(second);
      std::this_thread::sleep_for(10ms);
    }
    CHECK(second < 0);
    CHECK_FALSE(bridge.failure());
    ::close(own);
  }
  ::close(listener);
}

TEST_CASE("A bridge that nobody has come to ends at once") {
  const QuietLog quiet;
  const BrokerAddress broker{"127.0.0.1", 1, Transport::wss, "/mqtt"};
  for (int i = 0; i < 50; ++i) {
    const WebSocketBridge bridge{make_options(), broker, 60s};
    CHECK_FALSE(bridge.failure());
  }
}

TEST_CASE("What the broker sent before it took nothing more is handed on after a write that fails") {
  const QuietLog quiet;
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE(::bind(listener, reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(::listen(listener, 1) == 0);
  REQUIRE(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  const BrokerAddress broker{"127.0.0.1", ntohs(address.sin_port), Transport::ws, "/mqtt"};
  const WebSocketBridge bridge{make_options(), broker, 60s};
  const int own = connect_to(bridge.uri());
  REQUIRE(own >= 0);
  const int server = ::accept(listener, nullptr, nullptr);
  REQUIRE(server >= 0);
  answer_upgrade(server);

  // The client takes nothing, so the bridge fills up, and the system keeps the rest for it.
  const std::string frame = "\x82\x7e\x03\xe8" + std::string(1000, 'x');
  std::size_t sent = 0;
  for (int idle = 0; idle < 20;) {
    const std::size_t offset = sent % frame.size();
    const auto count = ::send(server, &frame[offset], frame.size() - offset, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count > 0) {
      sent += static_cast<std::size_t>(count);
      idle = 0;
    } else {
      ++idle;
      std::this_thread::sleep_for(20ms);
    }
  }
  int unsent = 0;
  REQUIRE(::ioctl(server, SIOCOUTQ, &unsent) == 0);
  const std::size_t arrived = (sent - static_cast<std::size_t>(unsent)) / frame.size() * 1000;

  // It closes; what is written after that is answered with a RST, and then a write fails.
  const linger at_once{1, 0};
  REQUIRE(::setsockopt(server, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0);
  ::close(server);
  ::close(listener);
  for (int i = 0; i < 5; ++i) {
    (void)::send(own, "x", 1, MSG_NOSIGNAL);
    std::this_thread::sleep_for(50ms);
  }
  std::size_t received = 0;
  std::array<char, 65536> buffer{};
  for (ssize_t count = 0; (count = ::recv(own, buffer.data(), buffer.size(), 0)) > 0;)
    received += static_cast<std::size_t>(count);
  CHECK(received >= arrived);
  REQUIRE(bridge.failure());
  CHECK(bridge.failure()->failure == ConnectFailure::closed);
  ::close(own);
}

// Clang's sanitizer looks at memory by means of a pipe: without descriptors it reports what is not there.
#if defined(__clang__)
#if __has_feature(address_sanitizer)
#define MQTT_LOGGER_NEEDS_DESCRIPTORS
#endif
#endif
#ifndef MQTT_LOGGER_NEEDS_DESCRIPTORS
TEST_CASE("A bridge for which no file descriptor is left is told as an error of the system") {
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  rlimit low = before;
  const int next = ::dup(0);
  REQUIRE(next >= 0);
  ::close(next);
  for (rlim_t more = 0; more < 3; ++more) {  // the io_context has two or three, and then comes the port
    low.rlim_cur = static_cast<rlim_t>(next) + more;
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &low) == 0);
    CHECK_THROWS_AS((WebSocketBridge{make_options(), BrokerAddress{"127.0.0.1", 1, Transport::ws, "/"}, 60s}),
                    std::system_error);
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  }
}
#endif

TEST_CASE("A broker that is not reached by WebSocket has no bridge") {
  CHECK_FALSE(make_bridge(make_options(), BrokerAddress{}, 60s));
}
