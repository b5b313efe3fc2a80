// What needs a shell with job control is in tests/e2e/terminal_test.py.
#include "mqtt_logger/base/error.hpp"
#include "mqtt_logger/platform/stop_events.hpp"

#include "../support/forked_child.hpp"
#include "support/catch.hpp"

#include <string>
#include <thread>
#include <tuple>

using mqtt_logger::ExitCode;
using mqtt_logger::make_stop_events;
using mqtt_logger::StopEvents;
using namespace mqtt_logger::test;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds kForEver = milliseconds::max();

bool stops_by(StopEvents& events, const std::string& reason) {
  events.wait(kForEver);
  return events.is_stop_requested() && events.stop_reason() == reason;
}

}  // namespace

TEST_CASE("StopEvents: SIGINT and SIGTERM ask for a stop and are its reason") {
  const auto expected = GENERATE(table<int, std::string>({{SIGINT, "SIGINT"}, {SIGTERM, "SIGTERM"}}));
  CHECK(run_in_child([&] {
          const auto events = make_stop_events();
          if (events->is_stop_requested() || *events->stop_reason() != '\0') return false;
          kill(getpid(), std::get<0>(expected));
          return stops_by(*events, std::get<1>(expected));
        }) == 0);
}

TEST_CASE("StopEvents: SIGHUP ends the wait and asks once for files to be opened again") {
  CHECK(run_in_child([] {
          const auto events = make_stop_events();
          if (events->take_reopen_request()) return false;
          raise(SIGHUP);
          events->wait(std::chrono::hours{1});
          const bool is_asked = events->take_reopen_request();
          return is_asked && !events->take_reopen_request() && !events->is_stop_requested();
        }) == 0);
}

TEST_CASE("StopEvents: the first reason stays, and every further wait returns at once") {
  CHECK(run_in_child([] {
          const auto events = make_stop_events();
          for (const int signal : {SIGTERM, SIGTERM, SIGHUP}) raise(signal);
          return stops_by(*events, "SIGTERM") && stops_by(*events, "SIGTERM");
        }) == 0);
}

TEST_CASE("StopEvents: a signal that another thread gets ends the wait of the main thread") {
  CHECK(run_in_child([] {
          const auto events = make_stop_events();
          std::thread other{[] { raise(SIGTERM); }};
          const bool stops = stops_by(*events, "SIGTERM");
          other.join();
          return stops;
        }) == 0);
}

TEST_CASE("StopEvents: SIGHUP and SIGINT stay ignored if they were when the program started") {
  CHECK(run_in_child([] {
          for (const int signal : {SIGHUP, SIGINT}) ::signal(signal, SIG_IGN);
          const auto events = make_stop_events();
          for (const int signal : {SIGHUP, SIGINT, SIGINT}) raise(signal);
          return !events->is_stop_requested() && !events->take_reopen_request();
        }) == 0);
}

TEST_CASE("StopEvents: a second Ctrl-C leaves at once and says so, although the main thread hangs") {
  const int first = GENERATE(SIGINT, SIGTERM);
  const PseudoTerminal terminal;
  Pipe standard_error;
  const pid_t child = start_child([&] {
    terminal.enter();
    dup2(standard_error.ends[1], STDERR_FILENO);
    standard_error.close_end(1);
    const auto events = make_stop_events();
    if (!terminal.is_raw_mode()) return false;
    raise(first);
    if (write(STDERR_FILENO, ".", 1) != 1) return false;
    for (;;) pause();
  });
  standard_error.close_end(1);
  char ready = 0;
  REQUIRE(read(standard_error.ends[0], &ready, 1) == 1);
  REQUIRE(kill(child, SIGINT) == 0);
  CHECK(wait_for_child(child) == static_cast<int>(ExitCode::something_pending));
  CHECK(terminal.is_by_line());
  const std::string said = standard_error.read_all();
  CHECK(said.find("Ctrl-C") != std::string::npos);
  CHECK(said.find('\n') == said.size() - 1);
}

TEST_CASE("StopEvents: a second Ctrl-C leaves although nobody reads standard error") {
  Pipe standard_error;
  CHECK(run_in_child([&] {
          dup2(standard_error.ends[1], STDERR_FILENO);
          fcntl(STDERR_FILENO, F_SETFL, O_NONBLOCK);
          while (write(STDERR_FILENO, "full", 4) > 0) {
          }
          fcntl(STDERR_FILENO, F_SETFL, 0);
          const auto events = make_stop_events();
          raise(SIGINT);
          raise(SIGINT);
          return true;
        }) == static_cast<int>(ExitCode::something_pending));
}

TEST_CASE("StopEvents: wake ends the present wait, or else the next one, and only one") {
  CHECK(run_in_child([] {
          const auto events = make_stop_events();
          std::thread other{[&] { events->wake(); }};
          events->wait(kForEver);
          other.join();
          for (int i = 0; i < 100'000; ++i) events->wake();  // more than a pipe holds
          events->wait(kForEver);
          const auto before = std::chrono::steady_clock::now();
          events->wait(milliseconds{20});
          return std::chrono::steady_clock::now() - before >= milliseconds{20} &&
                 !events->is_stop_requested();
        }) == 0);
}

TEST_CASE("StopEvents: a wait without time, or with less, returns") {
  CHECK(run_in_child([] {
          const auto events = make_stop_events();
          events->wait(milliseconds{0});
          events->wait(milliseconds::min());
          return !events->is_stop_requested();
        }) == 0);
}

TEST_CASE("StopEvents: q and Q act on the key press, in a terminal that is given back") {
  const std::string key = GENERATE("q", "Q", "xyzq");
  const PseudoTerminal terminal;
  const pid_t child = start_child([&] {
    terminal.enter();
    const auto events = make_stop_events();
    if (!terminal.is_raw_mode() || !events->has_keyboard()) return false;
    if (!terminal.type(key)) return false;
    return stops_by(*events, "q");
  });
  CHECK(wait_for_child(child) == 0);
  CHECK(terminal.is_by_line());
}

TEST_CASE("StopEvents: signals that kill find the terminal given back, and still kill") {
  const int signal = GENERATE(SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGQUIT);
  const PseudoTerminal terminal;
  const pid_t child = start_child([&] {
    terminal.enter();
    const auto events = make_stop_events();
    if (!terminal.is_raw_mode()) return false;
    raise(signal);
    return false;
  });
  CHECK(wait_for_child(child) == -signal);
  CHECK(terminal.is_by_line());
}

TEST_CASE("StopEvents: leaving at once gives the terminal back") {
  const PseudoTerminal terminal;
  const pid_t child = start_child([&] {
    terminal.enter();
    const auto events = make_stop_events();
    if (terminal.is_raw_mode()) mqtt_logger::exit_now(7);
    return false;
  });
  CHECK(wait_for_child(child) == 7);
  CHECK(terminal.is_by_line());
}

TEST_CASE("StopEvents: Ctrl-Z where no shell could continue us changes nothing") {
  const PseudoTerminal terminal;
  const pid_t child = start_child([&] {
    terminal.enter();  // the leader of an orphaned process group: the kernel does not stop it
    const auto events = make_stop_events();
    raise(SIGTSTP);
    if (!terminal.is_by_line()) return false;
    events->wait(milliseconds{0});
    return terminal.is_raw_mode() && events->has_keyboard();
  });
  CHECK(wait_for_child(child) == 0);
  CHECK(terminal.is_by_line());
}

TEST_CASE("StopEvents: closed standard descriptors are taken, so that no file gets them") {
  CHECK(run_in_child([] {
          for (const int descriptor : {0, 1, 2}) close(descriptor);
          const auto events = make_stop_events();
          events->wait(milliseconds{0});
          return open("/dev/null", O_RDONLY) > 2 && write(STDERR_FILENO, "x", 1) == 1 &&
                 !events->is_stop_requested();
        }) == 0);
}

TEST_CASE("StopEvents: writing where nobody reads any more does not kill, also after the end") {
  Pipe output;
  output.close_end(0);
  CHECK(run_in_child([&] {
          make_stop_events().reset();
          return write(output.ends[1], "x", 1) == -1 && errno == EPIPE;
        }) == 0);
}

TEST_CASE("StopEvents: when it ends, signals act as they did before") {
  CHECK(run_in_child([] {
          make_stop_events().reset();
          raise(SIGTERM);
          return true;
        }) == -SIGTERM);
}
