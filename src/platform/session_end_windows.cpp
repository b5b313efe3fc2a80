#include "session_end_windows.hpp"

#include "mqtt_logger/platform/process.hpp"

#include "stop_request_windows.hpp"

namespace mqtt_logger {
namespace {

constexpr auto kClass = L"mqtt-logger session end";

std::atomic<bool> is_session_ending{false};

LRESULT CALLBACK on_message(HWND window, UINT message, WPARAM word, LPARAM number) noexcept {
  switch (message) {
    case WM_QUERYENDSESSION:
      // What the user sees if writing takes longer than a moment.
      ShutdownBlockReasonCreate(window, L"Writing the messages that have been received");
      return TRUE;
    case WM_ENDSESSION:
      if (word == FALSE) {  // another program has said no
        ShutdownBlockReasonDestroy(window);
        return 0;
      }
      is_session_ending = true;
      stop_request::make_and_stay((number & static_cast<LPARAM>(ENDSESSION_LOGOFF)) != 0 ? "log-off"
                                                                                         : "shutdown");
    default:
      return DefWindowProcW(window, message, word, number);
  }
}

}  // namespace

void SessionEnd::run() noexcept {
  name_this_thread("session end");
  MSG message{};
  PeekMessageW(&message, nullptr, WM_USER, WM_USER, PM_NOREMOVE);  // from now on there is a message queue
  thread_id_ = GetCurrentThreadId();
  SetEvent(is_ready_.get());
  WNDCLASSW window_class{};
  window_class.lpfnWndProc = on_message;
  window_class.hInstance = GetModuleHandleW(nullptr);
  window_class.lpszClassName = kClass;
  RegisterClassW(&window_class);
  const HWND window = CreateWindowExW(0, kClass, L"mqtt-logger", WS_OVERLAPPED, 0, 0, 0, 0, nullptr, nullptr,
                                      window_class.hInstance, nullptr);
  while (GetMessageW(&message, nullptr, 0, 0) > 0) DispatchMessageW(&message);
  if (window != nullptr) DestroyWindow(window);
  UnregisterClassW(kClass, window_class.hInstance);
}

SessionEnd::SessionEnd()
    : is_ready_{CreateEventW(nullptr, TRUE, FALSE, nullptr)}, thread_{[this] { run(); }} {}

SessionEnd::~SessionEnd() {
  // A log-off keeps the thread until the process ends, and that may have asked for this stop.
  WaitForSingleObject(is_ready_.get(), INFINITE);
  PostThreadMessageW(thread_id_, WM_QUIT, 0, 0);
  if (is_session_ending) {
    thread_.detach();
  } else {
    thread_.join();
  }
}

}  // namespace mqtt_logger
