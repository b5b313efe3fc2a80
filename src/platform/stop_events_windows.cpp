#include "mqtt_logger/error.hpp"
#include "mqtt_logger/platform/stop_events.hpp"

#include "console_windows.hpp"
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

/// What the console's handler and the thread that reads a pipe share with the main thread: static, because
/// they may outlive every object. The flags carry the meaning; the event only ends a wait.
struct Asked {
  std::atomic<const char*> stop_reason{nullptr};
  std::atomic<bool> is_woken{false};
  std::atomic<HANDLE> event{nullptr};  // made once, and left to the system
};
constinit Asked asked;

void end_wait() noexcept {
  SetEvent(asked.event);
}

/// The first reason stays. Returns false if there was one already.
bool request_stop(const char* reason) noexcept {
  const char* none = nullptr;
  const bool is_first = asked.stop_reason.compare_exchange_strong(none, reason);
  end_wait();
  return is_first;
}

void on_quit_line() noexcept {
  request_stop("q");
}

void write_to_standard_error(std::string_view line) noexcept {
  DWORD written = 0;
  WriteFile(GetStdHandle(STD_ERROR_HANDLE), line.data(), static_cast<DWORD>(line.size()), &written, nullptr);
}

void stop_or_leave(const char* reason) noexcept {
  if (request_stop(reason)) return;
  write_to_standard_error("Left at once by Ctrl-C, without waiting for what is not written yet\n");
  leave_at_once(static_cast<int>(ExitCode::something_pending));
}

/// The system ends the process as soon as a handler of these returns, or when the time that it gives is over
/// (5 s for a closed window). So it does not return: the process ends with the main thread, by itself and
/// with its own exit code.
[[noreturn]] void stop_before_the_system_does(const char* reason) noexcept {
  request_stop(reason);
  for (;;) Sleep(INFINITE);
}

/// Called in a thread of its own.
BOOL WINAPI on_console_event(DWORD event) noexcept {
  switch (event) {
    case CTRL_C_EVENT:
      stop_or_leave("Ctrl-C");
      return TRUE;
    case CTRL_BREAK_EVENT:
      stop_or_leave("Ctrl-Break");
      return TRUE;
    case CTRL_CLOSE_EVENT:
      stop_before_the_system_does("window closed");
    case CTRL_LOGOFF_EVENT:
      stop_before_the_system_does("log-off");
    case CTRL_SHUTDOWN_EVENT:
      stop_before_the_system_does("shutdown");
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

  void wait(milliseconds timeout) override {
    const auto deadline = find_deadline(timeout);
    const bool had_keyboard = has_keyboard();
    do {
      wait_once(is_stop_requested() ? 0 : find_time_left(deadline));
    } while (!is_stop_requested() && !asked.is_woken.exchange(false) && has_keyboard() == had_keyboard &&
             Clock::now() < deadline);
  }

  bool is_stop_requested() const noexcept override { return asked.stop_reason != nullptr; }

  bool take_reopen_request() noexcept override { return false; }

  const char* stop_reason() const noexcept override {
    const char* const reason = asked.stop_reason;
    return reason == nullptr ? "" : reason;
  }

  bool has_keyboard() const noexcept override { return console_.handle() != nullptr; }

  void wake() noexcept override {
    if (!asked.is_woken.exchange(true)) end_wait();
  }

 private:
  void wait_once(DWORD timeout) noexcept {
    const std::array<HANDLE, 2> handles{asked.event.load(), console_.handle()};
    const DWORD signalled = WaitForMultipleObjects(has_keyboard() ? 2 : 1, handles.data(), FALSE, timeout);
    if (signalled == WAIT_OBJECT_0 + 1 && console_.read_quit()) request_stop("q");
  }

  Console console_;
  ConsoleEvents console_events_;
};

}  // namespace

std::unique_ptr<StopEvents> make_stop_events() {
  if (asked.event == nullptr) {
    asked.event = CreateEventW(nullptr, FALSE, FALSE, nullptr);
    if (asked.event == nullptr)
      throw StartupError{ExitCode::output_unusable,
                         "cannot make an event: " + last_windows_error().message()};
  }
  asked.stop_reason = nullptr;
  asked.is_woken = false;
  return std::make_unique<WindowsStopEvents>();
}

void leave_at_once(int exit_code) noexcept {
  Console::give_back();
  for (;;) TerminateProcess(GetCurrentProcess(), static_cast<UINT>(exit_code));
}

}  // namespace mqtt_logger
