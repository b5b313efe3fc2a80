#include "mqtt_logger/base/error.hpp"
#include "mqtt_logger/platform/stop_events.hpp"

#include "console_windows.hpp"
#include "remote_stop_windows.hpp"
#include "session_end_windows.hpp"
#include "stop_request_windows.hpp"
#include "text_windows.hpp"

#include <windows.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <limits>
#include <string_view>

namespace mqtt_logger {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

/// Static, because wake() may be called while the main thread's object is going.
constinit std::atomic<bool> is_woken{false};

void on_quit_line() noexcept {
  stop_request::make("q");
}

void write_to_standard_error(std::string_view line) noexcept {
  DWORD written = 0;
  WriteFile(GetStdHandle(STD_ERROR_HANDLE), line.data(), static_cast<DWORD>(line.size()), &written, nullptr);
}

void stop_or_exit(const char* reason) noexcept {
  if (stop_request::make(reason)) return;
  write_to_standard_error("Ended at once by Ctrl-C, without waiting for what is not written yet\n");
  exit_now(static_cast<int>(ExitCode::something_pending));
}

/// Called in a thread of its own.
BOOL WINAPI on_console_event(DWORD event) noexcept {
  switch (event) {
    case CTRL_C_EVENT:
      stop_or_exit("Ctrl-C");
      return TRUE;
    case CTRL_BREAK_EVENT:
      stop_or_exit("Ctrl-Break");
      return TRUE;
    case CTRL_CLOSE_EVENT:
      stop_request::make_and_stay("window closed");
    case CTRL_LOGOFF_EVENT:  // told to services only, of any user who goes; SessionEnd hears of our own
      return TRUE;
    case CTRL_SHUTDOWN_EVENT:
      stop_request::make_and_stay("shutdown");
    default:
      return FALSE;
  }
}

class ConsoleEvents {
 public:
  ConsoleEvents() noexcept { SetConsoleCtrlHandler(on_console_event, TRUE); }
  ~ConsoleEvents() { SetConsoleCtrlHandler(on_console_event, FALSE); }
  ConsoleEvents(const ConsoleEvents&) = delete;
  ConsoleEvents& operator=(const ConsoleEvents&) = delete;
};

/// The time from now, or the latest one there is.
Clock::time_point find_deadline(milliseconds timeout) noexcept {
  const auto now = Clock::now();
  const auto longest = std::chrono::duration_cast<milliseconds>(Clock::time_point::max() - now);
  return now + std::clamp(timeout, milliseconds{0}, longest);
}

DWORD find_time_left(Clock::time_point deadline) noexcept {
  constexpr milliseconds kLongest{std::numeric_limits<DWORD>::max() -
                                  1};  // the largest number means: for ever
  const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now());
  return static_cast<DWORD>(std::clamp(left, milliseconds{0}, kLongest).count());
}

class WindowsStopEvents final : public StopEvents {
 public:
  WindowsStopEvents() { listen_to_pipe(on_quit_line); }
  ~WindowsStopEvents() override { stop_request::clear(); }
  WindowsStopEvents(const WindowsStopEvents&) = delete;
  WindowsStopEvents& operator=(const WindowsStopEvents&) = delete;

  void wait(milliseconds timeout) override {
    const auto deadline = find_deadline(timeout);
    const bool had_keyboard = has_keyboard();
    do {
      wait_once(is_stop_requested() ? 0 : find_time_left(deadline));
    } while (!is_stop_requested() && !is_woken.exchange(false) && has_keyboard() == had_keyboard &&
             Clock::now() < deadline);
  }

  bool is_stop_requested() const noexcept override { return stop_request::reason() != nullptr; }

  bool take_reopen_request() noexcept override { return false; }

  const char* stop_reason() const noexcept override {
    const char* const reason = stop_request::reason();
    return reason == nullptr ? "" : reason;
  }

  bool has_keyboard() const noexcept override { return console_.handle() != nullptr; }

  void wake() noexcept override {
    if (!is_woken.exchange(true)) stop_request::end_wait();
  }

 private:
  void wait_once(DWORD timeout) noexcept {
    const std::array<HANDLE, 2> handles{stop_request::event(), console_.handle()};
    const DWORD signalled = WaitForMultipleObjects(has_keyboard() ? 2 : 1, handles.data(), FALSE, timeout);
    if (signalled == WAIT_OBJECT_0 + 1 && console_.read_quit()) stop_request::make("q");
  }

  Console console_;
  ConsoleEvents console_events_;
  RemoteStop remote_stop_;
  SessionEnd session_end_;
};

}  // namespace

std::unique_ptr<StopEvents> make_stop_events() {
  if (stop_request::event() == nullptr)
    throw StartupError{ExitCode::output_unusable, "cannot make an event: " + last_windows_error().message()};
  is_woken = false;
  return std::make_unique<WindowsStopEvents>();
}

void exit_now(int exit_code) noexcept {
  Console::give_back();
  for (;;) TerminateProcess(GetCurrentProcess(), static_cast<UINT>(exit_code));
}

}  // namespace mqtt_logger
