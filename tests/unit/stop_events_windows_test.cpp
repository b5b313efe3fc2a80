// What needs a console or a pipe is in tests/windows.
#include "mqtt_logger/platform/stop_events.hpp"

#include "support/catch.hpp"

#include <windows.h>

#include <atomic>
#include <string>
#include <thread>

using namespace mqtt_logger;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds kForEver = milliseconds::max();

}  // namespace

TEST_CASE("StopEvents: a wait ends by its time, by a wake-up, and by one that came before it") {
  const auto events = make_stop_events();
  events->wait(milliseconds{1});
  CHECK_FALSE(events->is_stop_requested());
  events->wake();
  events->wait(kForEver);
  std::thread waker{[&events] { events->wake(); }};
  events->wait(kForEver);
  waker.join();
  CHECK_FALSE(events->is_stop_requested());
  CHECK(std::string{events->stop_reason()}.empty());
}

TEST_CASE("StopEvents: the end of the user's session asks for a stop, unless another program prevents it") {
  const auto events = make_stop_events();
  HWND window = nullptr;
  for (int tries = 0; window == nullptr && tries < 1000; ++tries) {
    window = FindWindowW(L"mqtt-logger session end", nullptr);
    Sleep(10);
  }
  REQUIRE(window != nullptr);
  CHECK(SendMessageW(window, WM_QUERYENDSESSION, 0, ENDSESSION_LOGOFF) == TRUE);
  SendMessageW(window, WM_ENDSESSION, FALSE, ENDSESSION_LOGOFF);
  CHECK_FALSE(events->is_stop_requested());
  SendNotifyMessageW(window, WM_ENDSESSION, TRUE,
                     static_cast<LPARAM>(ENDSESSION_LOGOFF));  // it does not return
  events->wait(std::chrono::seconds{60});
  CHECK(events->is_stop_requested());
  CHECK(std::string{events->stop_reason()} == "log-off");
}
