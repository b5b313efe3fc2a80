#include "remote_stop_windows.hpp"

#include "mqtt_logger/platform/process.hpp"

#include "stop_request_windows.hpp"
#include "text_windows.hpp"

#include <array>
#include <cwchar>

namespace mqtt_logger {
namespace {

using Name = std::array<wchar_t, 64>;

Name name_of(std::uint64_t process) noexcept {
  Name name{};
  std::swprintf(name.data(), name.size(), L"Global\\mqtt-logger-stop-%lu",
                static_cast<unsigned long>(process));
  return name;
}

// In a thread of the system's: the main thread may be held up by a full journal, which waits for a stop.
void CALLBACK on_signalled(void* /*context*/, BOOLEAN /*is_timeout*/) noexcept {
  stop_request::make("--stop");
}

}  // namespace

RemoteStop::RemoteStop() noexcept : event_{CreateEventW(nullptr, TRUE, FALSE, name_of(process_id()).data())} {
  // One that is there already was made by somebody else, who has rights to it that nobody gave him.
  if (!event_ || GetLastError() == ERROR_ALREADY_EXISTS) return;
  RegisterWaitForSingleObject(&wait_, event_.get(), on_signalled, nullptr, INFINITE, WT_EXECUTEONLYONCE);
}

RemoteStop::~RemoteStop() {
  if (wait_ != nullptr) UnregisterWaitEx(wait_, INVALID_HANDLE_VALUE);  // waits for on_signalled()
}

std::error_code open_remote_stop(std::uint64_t process, Handle& event) noexcept {
  event = Handle{OpenEventW(EVENT_MODIFY_STATE, FALSE, name_of(process).data())};
  return event ? std::error_code{} : last_windows_error();
}

}  // namespace mqtt_logger
