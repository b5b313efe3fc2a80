#include "remote_stop_windows.hpp"

#include "mqtt_logger/platform/process.hpp"

#include "stop_request_windows.hpp"
#include "text_windows.hpp"

// The second of these needs the first.
// clang-format off
#include <windows.h>
#include <sddl.h>
// clang-format on

#include <array>
#include <cwchar>

namespace mqtt_logger {
namespace {

// The owner, the system and administrators; left to itself, the system would give a service's event to the
// system alone.
constexpr auto kWhoMaySignal = L"D:(A;;GA;;;OW)(A;;GA;;;SY)(A;;GA;;;BA)";

Handle make_event(const wchar_t* name) noexcept {
  SECURITY_ATTRIBUTES security{sizeof security, nullptr, FALSE};
  ConvertStringSecurityDescriptorToSecurityDescriptorW(kWhoMaySignal, SDDL_REVISION_1,
                                                       &security.lpSecurityDescriptor, nullptr);
  Handle event{CreateEventW(&security, TRUE, FALSE, name)};
  const DWORD result = GetLastError();
  LocalFree(security.lpSecurityDescriptor);
  // One that is there already was made by somebody else, who has rights to it that nobody gave him.
  if (result == ERROR_ALREADY_EXISTS) event.reset();
  return event;
}

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

RemoteStop::RemoteStop() noexcept : event_{make_event(name_of(process_id()).data())} {
  if (!event_) return;
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
