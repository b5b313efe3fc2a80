#include "mqtt_logger/platform/network.hpp"

#include "support/catch.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>

using namespace mqtt_logger;

namespace {

class LoopbackSocket {
 public:
  LoopbackSocket() : descriptor_{::socket(AF_INET, SOCK_STREAM, 0)} {}
  explicit LoopbackSocket(int descriptor) : descriptor_{descriptor} {}
  ~LoopbackSocket() { ::close(descriptor_); }
  LoopbackSocket(const LoopbackSocket&) = delete;
  LoopbackSocket& operator=(const LoopbackSocket&) = delete;

  void listen() {
    sockaddr_in address = loopback(0);
    REQUIRE(::bind(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(descriptor_, 1) == 0);
  }
  void connect(std::uint16_t port) {
    sockaddr_in address = loopback(port);
    REQUIRE(::connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  }
  [[nodiscard]] std::uint16_t port() const {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    REQUIRE(::getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    return ntohs(address.sin_port);
  }
  [[nodiscard]] int descriptor() const { return descriptor_; }

 private:
  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
  }

  int descriptor_;
};

}  // namespace

TEST_CASE("A connection of this process is told from one of another process") {
  LoopbackSocket listener;
  listener.listen();
  const std::uint16_t port = listener.port();
  LoopbackSocket own;
  own.connect(port);
  CHECK(has_loopback_connection(own.port(), port));
  CHECK_FALSE(has_loopback_connection(port, own.port()));  // the accepted end does not exist yet
  CHECK_FALSE(has_loopback_connection(own.port(), 1));
  CHECK_FALSE(has_loopback_connection(0, port));

  std::uint16_t foreign_port = 0;
  {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
      LoopbackSocket foreign;
      foreign.connect(port);
      const std::uint16_t mine = foreign.port();
      if (::write(ends[1], &mine, sizeof mine) != sizeof mine) ::_exit(1);
      ::pause();
    }
    REQUIRE(::read(ends[0], &foreign_port, sizeof foreign_port) == sizeof foreign_port);
    CHECK_FALSE(has_loopback_connection(foreign_port, port));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    ::close(ends[0]);
    ::close(ends[1]);
  }
}
