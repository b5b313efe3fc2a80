#include "mqtt_logger/platform/process.hpp"

#include "handle_windows.hpp"
#include "text_windows.hpp"

#include <windows.h>

#include <array>
#include <cstdlib>
#include <exception>

namespace mqtt_logger {

std::uint64_t process_id() noexcept {
  return GetCurrentProcessId();
}

std::uint64_t start_of_process(std::uint64_t id) {
  if (id > std::uint64_t{0xFFFFFFFF}) return 0;
  const Handle process{OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, static_cast<DWORD>(id))};
  std::array<FILETIME, 4> times{};  // of its start, its end, and what it has used
  if (!process || GetProcessTimes(process.get(), &times[0], &times[1], &times[2], &times[3]) == 0) return 0;
  return std::uint64_t{times[0].dwHighDateTime} << 32 | times[0].dwLowDateTime;
}

std::string host_name() {
  std::array<wchar_t, 256> name{};
  auto size = static_cast<DWORD>(name.size());
  if (GetComputerNameExW(ComputerNameDnsHostname, name.data(), &size) == 0 || size == 0) return "localhost";
  const std::string full = to_utf8({name.data(), size});
  return full.substr(0, full.find('.'));
}

std::string boot_id() {
  // Counted up by each start of the system.
  constexpr auto kKey =
      L"SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Memory Management\\PrefetchParameters";
  DWORD count = 0;
  DWORD size = sizeof count;
  if (RegGetValueW(HKEY_LOCAL_MACHINE, kKey, L"BootId", RRF_RT_REG_DWORD, nullptr, &count, &size) !=
      ERROR_SUCCESS)
    return {};
  return std::to_string(count);
}

void kill_self() noexcept {
  constexpr UINT kAsShellsSay = 128 + 9;
  for (;;) TerminateProcess(GetCurrentProcess(), kAsShellsSay);
}

void lower_this_threads_priority() noexcept {
  SetThreadPriority(GetCurrentThread(), THREAD_MODE_BACKGROUND_BEGIN);
}

// Windows 10 before 1607 has no such call, and a name is no reason not to start there.
void name_this_thread(const char* name) noexcept {
  using SetDescription = HRESULT(WINAPI*)(HANDLE, PCWSTR);
  const HMODULE library = GetModuleHandleW(L"kernel32.dll");
  if (library == nullptr) return;
  const auto set = reinterpret_cast<SetDescription>(
      reinterpret_cast<void*>(GetProcAddress(library, "SetThreadDescription")));
  if (set == nullptr) return;
  try {
    set(GetCurrentThread(), to_wide(name).c_str());
  } catch (const std::exception&) {
    return;  // no memory for a name
  }
}

void remove_from_environment(const char* name) noexcept {
  _putenv_s(name, "");
}

}  // namespace mqtt_logger
