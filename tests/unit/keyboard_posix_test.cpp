// What needs a shell with job control is in tests/e2e/terminal_test.py.
#include "platform/keyboard_posix.hpp"

#include "../support/forked_child.hpp"
#include "platform/terminal_posix.hpp"
#include "support/catch.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <string>

using mqtt_logger::Keyboard;
using namespace mqtt_logger::test;

namespace {

/// Reads all there is on standard input.
bool read_quit(Keyboard& keyboard) {
  pollfd input{keyboard.descriptor(), POLLIN, 0};
  while (keyboard.descriptor() != -1 && poll(&input, 1, 0) == 1) {
    if (keyboard.read_quit(input.revents)) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("Keyboard: keys act on the press, without echo; signals and the output's line ends stay") {
  const PseudoTerminal terminal;
  const pid_t child = start_child([&] {
    terminal.enter();
    Keyboard keyboard;
    const auto mode = terminal.mode();
    return keyboard.has_terminal() && terminal.is_raw_mode() && (mode.c_lflag & ISIG) != 0 &&
           (mode.c_oflag & OPOST) != 0 && !keyboard.is_in_background();
  });
  CHECK(wait_for_child(child) == 0);
  CHECK(terminal.is_by_line());
}

TEST_CASE("Keyboard: q and Q among the keys quit, others do not") {
  const auto expected = GENERATE(table<std::string, bool>(
      {{"q", true}, {"Q", true}, {"xyzq", true}, {"abc\r\n\x04\x04 Z", false}, {"\x1b[A\t", false}}));
  const PseudoTerminal terminal;
  const pid_t child = start_child([&] {
    terminal.enter();
    Keyboard keyboard;
    return terminal.type(std::get<0>(expected)) && read_quit(keyboard) == std::get<1>(expected) &&
           keyboard.has_terminal();
  });
  CHECK(wait_for_child(child) == 0);
}

TEST_CASE("Keyboard: a read does not wait where somebody else was faster") {
  const PseudoTerminal terminal;
  const pid_t in_terminal = start_child([&] {
    terminal.enter();
    Keyboard keyboard;
    return !keyboard.read_quit(POLLIN) && keyboard.has_terminal();
  });
  CHECK(wait_for_child(in_terminal) == 0);
  const Pipe pipe;
  CHECK(run_in_child([&] {
          dup2(pipe.ends[0], STDIN_FILENO);
          Keyboard keyboard;
          return !keyboard.read_quit(POLLIN) && keyboard.descriptor() != -1 &&
                 (fcntl(STDIN_FILENO, F_GETFL) & O_NONBLOCK) == 0;
        }) == 0);
}

TEST_CASE("Keyboard: a terminal that hangs up is not listened to any more") {
  PseudoTerminal terminal;
  const pid_t child = start_child([&] {
    terminal.enter();
    signal(SIGHUP, SIG_IGN);
    Keyboard keyboard;
    close(terminal.keyboard);  // the child's; the last one is the parent's
    while (keyboard.descriptor() != -1) {
      if (read_quit(keyboard)) return false;
    }
    return !keyboard.has_terminal() && !keyboard.is_in_background();
  });
  close(terminal.keyboard);
  terminal.keyboard = -1;
  CHECK(wait_for_child(child) == 0);
}

TEST_CASE("Keyboard: a terminal that is not ours to control is left alone") {
  const PseudoTerminal terminal;
  const pid_t child = start_child([&] {
    setsid();
    dup2(terminal.device, STDIN_FILENO);
    Keyboard keyboard;
    return keyboard.is_in_background() && keyboard.descriptor() == -1 && terminal.is_by_line();
  });
  CHECK(wait_for_child(child) == 0);
}

TEST_CASE("Keyboard: takes the mode of a terminal anew when somebody has changed it") {
  const PseudoTerminal terminal;
  const pid_t child = start_child([&] {
    terminal.enter();
    Keyboard keyboard;
    auto mode = terminal.mode();
    mode.c_lflag |= ICANON | ECHO;
    mode.c_cc[VERASE] = 'e';
    tcsetattr(terminal.device, TCSANOW, &mode);
    keyboard.check();
    keyboard.check();
    return terminal.is_raw_mode();
  });
  CHECK(wait_for_child(child) == 0);
  CHECK(terminal.is_by_line());
  CHECK(terminal.mode().c_cc[VERASE] == 'e');
}

TEST_CASE("Keyboard: a line q through a pipe quits, its end does not") {
  const auto expected =
      GENERATE(table<std::string, bool>({{"x\nq\n", true}, {"q", true}, {"x\nqq\n", false}, {"", false}}));
  Pipe pipe;
  REQUIRE(write(pipe.ends[1], std::get<0>(expected).data(), std::get<0>(expected).size()) >= 0);
  pipe.close_end(1);
  CHECK(run_in_child([&] {
          dup2(pipe.ends[0], STDIN_FILENO);
          Keyboard keyboard;
          const bool is_as_expected = read_quit(keyboard) == std::get<1>(expected);
          return is_as_expected && (std::get<1>(expected) || keyboard.descriptor() == -1);
        }) == 0);
}

TEST_CASE("Keyboard: a socket is listened to like a pipe") {
  CHECK(run_in_child([] {
          std::array<int, 2> ends{};
          if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) != 0) return false;
          dup2(ends[0], STDIN_FILENO);
          Keyboard keyboard;
          if (write(ends[1], "x\n", 2) != 2 || read_quit(keyboard) || keyboard.descriptor() == -1)
            return false;
          if (write(ends[1], "q\n", 2) != 2 || !read_quit(keyboard)) return false;
          shutdown(ends[1], SHUT_WR);  // end of file without a hang-up: we could still answer
          return !read_quit(keyboard) && keyboard.descriptor() == -1;
        }) == 0);
}

TEST_CASE("Keyboard: files and devices that are no terminal are not listened to") {
  const char* const path = GENERATE("/dev/null", "/dev/zero", "/proc/self/exe", "/");
  CHECK(run_in_child([&] {
          dup2(open(path, O_RDONLY), STDIN_FILENO);
          return Keyboard{}.descriptor() == -1;
        }) == 0);
}
