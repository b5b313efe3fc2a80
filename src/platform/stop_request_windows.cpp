#include "stop_request_windows.hpp"

#include <atomic>

namespace mqtt_logger::stop_request {
namespace {

// Static, because handlers may outlive every object. The reason carries the meaning; the event only ends a
// wait.
constinit std::atomic<const char*> first_reason{nullptr};

}  // namespace

bool make(const char* reason) noexcept {
  const char* none = nullptr;
  const bool is_first = first_reason.compare_exchange_strong(none, reason);
  end_wait();
  return is_first;
}

void make_and_stay(const char* reason) noexcept {
  make(reason);
  for (;;) Sleep(INFINITE);
}

const char* reason() noexcept {
  return first_reason;
}

void clear() noexcept {
  first_reason = nullptr;
}

HANDLE event() noexcept {
  static const HANDLE event = CreateEventW(nullptr, FALSE, FALSE, nullptr);
  return event;
}

void end_wait() noexcept {
  SetEvent(event());
}

}  // namespace mqtt_logger::stop_request
