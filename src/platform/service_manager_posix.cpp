#include "mqtt_logger/platform/process.hpp"
#include "mqtt_logger/platform/service_manager.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace mqtt_logger {
namespace {

std::string read_variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string{} : std::string{value};
}

std::uint64_t read_number(const char* name) {
  const std::string text = read_variable(name);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size() ? number : 0;
}

/// systemd's protocol, sd_notify(3): each message is one datagram of lines NAME=VALUE.
class NotificationSocket final : public ServiceManager {
 public:
  NotificationSocket() {
    const std::string path = read_variable("NOTIFY_SOCKET");
    // "@name" is in the abstract name space; everything else must be an absolute path.
    if (path.size() < 2 || path.size() >= sizeof address_.sun_path || (path[0] != '/' && path[0] != '@'))
      return;
    address_.sun_family = AF_UNIX;
    std::memcpy(address_.sun_path, path.data(), path.size());
    if (path[0] == '@') address_.sun_path[0] = '\0';
    address_length_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (socket < 0) return;
    // Above the standard streams, which may be closed and are opened later.
    socket_ = ::fcntl(socket, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    ::close(socket);

    const std::uint64_t watched = read_number("WATCHDOG_PID");
    if (watched == 0 || watched == process_id()) {
      const auto interval = std::chrono::microseconds{read_number("WATCHDOG_USEC")};
      watchdog_interval_ = std::chrono::floor<std::chrono::milliseconds>(interval);
    }
  }
  ~NotificationSocket() override {
    if (socket_ >= 0) ::close(socket_);
  }
  NotificationSocket(const NotificationSocket&) = delete;
  NotificationSocket& operator=(const NotificationSocket&) = delete;

  bool is_present() const noexcept override { return socket_ >= 0; }
  bool keeps_standard_error() const noexcept override { return true; }
  void ready() noexcept override { send("READY=1"); }
  void reloading() noexcept override {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);  // by which systemd tells this reload from an older one
    constexpr std::int64_t kMillion = 1'000'000;
    const std::int64_t microseconds = now.tv_sec * kMillion + now.tv_nsec / 1000;
    std::array<char, 64> message{};
    const int length = std::snprintf(message.data(), message.size(), "RELOADING=1\nMONOTONIC_USEC=%lld",
                                     static_cast<long long>(microseconds));
    send({message.data(), static_cast<std::size_t>(length)});
  }
  void stopping() noexcept override { send("STOPPING=1"); }
  void stopped(int /*exit_code*/) noexcept override {}  // systemd sees it by itself
  void alive() noexcept override { send("WATCHDOG=1"); }

  void status(std::string_view line) noexcept override {
    try {
      std::string message = "STATUS=" + std::string{line};
      std::replace(message.begin(), message.end(), '\n', ' ');
      send(message);
    } catch (const std::exception&) {
      return;  // no memory for a line that only informs
    }
  }

  std::optional<std::chrono::milliseconds> watchdog_interval() const noexcept override {
    if (!is_present() || watchdog_interval_.count() == 0) return std::nullopt;
    return watchdog_interval_;
  }

 private:
  void send(std::string_view message) const noexcept {
    if (socket_ < 0) return;
    // Not waiting: a manager that does not read must not hold up the logger.
    ::sendto(socket_, message.data(), message.size(), MSG_NOSIGNAL,
             reinterpret_cast<const sockaddr*>(&address_), address_length_);
  }

  sockaddr_un address_{};
  socklen_t address_length_ = 0;
  int socket_ = -1;
  std::chrono::milliseconds watchdog_interval_{0};
};

}  // namespace

std::unique_ptr<ServiceManager> find_service_manager() {
  return std::make_unique<NotificationSocket>();
}

}  // namespace mqtt_logger
