#include "mqtt_logger/connection/received_bytes.hpp"

#include "support/catch.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <string_view>

using namespace mqtt_logger;

namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

class Listener {
 public:
  Listener() {
    auto address = loopback(0);
    socklen_t size = sizeof address;
    REQUIRE(::bind(descriptor_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(::listen(descriptor_, 4) == 0);
    REQUIRE(::getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
  }
  ~Listener() { ::close(descriptor_); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] int accept() const { return ::accept(descriptor_, nullptr, nullptr); }

 private:
  int descriptor_ = ::socket(AF_INET, SOCK_STREAM, 0);
  std::uint16_t port_ = 0;
};

/// Both ends of a connection.
class Pair {
 public:
  explicit Pair(const Listener& listener) {
    const auto address = loopback(listener.port());
    REQUIRE(::connect(ours_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    theirs_ = listener.accept();
    REQUIRE(theirs_ >= 0);
  }
  ~Pair() {
    ::close(ours_);
    ::close(theirs_);
  }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;

  void receive(std::string_view text) const {
    REQUIRE(::send(theirs_, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
    char byte = 0;
    REQUIRE(::recv(ours_, &byte, 1, MSG_PEEK) == 1);  // so it is there
  }

 private:
  int ours_ = ::socket(AF_INET, SOCK_STREAM, 0);
  int theirs_ = -1;
};

}  // namespace

TEST_CASE(
    "What comes on the connection that was made counts, and not what comes on others to the same port") {
  const Listener listener;
  const Pair before{listener};
  ReceivedBytes bytes;
  bytes.begin(listener.port());
  const Pair ours{listener};
  bytes.settle();
  const Pair after{listener};
  if (!bytes.count()) return;  // the system does not tell
  CHECK(bytes.count() == 0U);
  before.receive("another");
  after.receive("one more");
  CHECK(bytes.count() == 0U);
  ours.receive("ours");
  CHECK(bytes.count() == 4U);
}

TEST_CASE("Of a connection that is gone nothing is told") {
  const Listener listener;
  ReceivedBytes bytes;
  bytes.begin(listener.port());
  {
    const Pair ours{listener};
    bytes.settle();
  }
  CHECK(bytes.count() == std::nullopt);
}
