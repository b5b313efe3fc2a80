#include "keyboard_posix.hpp"

#include "terminal_posix.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>

namespace mqtt_logger {
namespace {

bool is_stream(int descriptor) noexcept {
  struct stat status {};
  return fstat(descriptor, &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode));
}

/// Standard input, opened once more to read it without waiting: O_NONBLOCK on standard input itself would
/// also act on the shell, with which we share it. Standard input itself where that is impossible (a socket).
int open_without_waiting(const char* path) noexcept {
  const int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  return descriptor == -1 ? STDIN_FILENO : descriptor;
}

}  // namespace

Keyboard::Keyboard() noexcept {
  if (isatty(STDIN_FILENO) == 1) {
    kind_ = Kind::terminal;
    descriptor_ = open_without_waiting("/dev/tty");  // it is ours, if we are in the foreground
    check();
  } else if (is_stream(STDIN_FILENO)) {
    kind_ = Kind::stream;
    descriptor_ = open_without_waiting("/dev/stdin");
  }
}

Keyboard::~Keyboard() {
  terminal::give_back();
  stop_listening();
}

void Keyboard::check() noexcept {
  if (kind_ != Kind::terminal) return;
  has_terminal_ = terminal::take();
  const bool is_hung_up = !has_terminal_ && isatty(STDIN_FILENO) != 1;
  if (is_hung_up) stop_listening();
}

int Keyboard::descriptor() const noexcept {
  return has_terminal_ || kind_ == Kind::stream ? descriptor_ : -1;
}

bool Keyboard::read_quit(short poll_events) noexcept {
  check();  // a read in the background takes the shell's keys, or fails for ever
  if (descriptor() == -1) return false;
  std::array<char, 4096> bytes{};
  const auto count = read(descriptor_, bytes.data(), bytes.size());
  if (count > 0) {
    const std::string_view piece{bytes.data(), static_cast<std::size_t>(count)};
    return kind_ == Kind::terminal ? piece.find_first_of("qQ") != std::string_view::npos
                                   : quit_line_.find(piece);
  }
  const bool is_hung_up = (poll_events & (POLLHUP | POLLERR | POLLNVAL)) != 0;
  // EIO: we are in the background since just now.
  const bool is_passing =
      count == 0 ? kind_ == Kind::terminal : errno == EAGAIN || errno == EINTR || errno == EIO;
  if (is_passing && !is_hung_up) return false;
  const bool is_quit = count == 0 && kind_ == Kind::stream && quit_line_.is_complete();
  stop_listening();
  return is_quit;
}

void Keyboard::stop_listening() noexcept {
  if (descriptor_ > STDIN_FILENO) close(descriptor_);
  descriptor_ = -1;
  kind_ = Kind::nothing;
  has_terminal_ = false;
}

}  // namespace mqtt_logger
