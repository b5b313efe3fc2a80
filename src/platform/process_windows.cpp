#include "mqtt_logger/platform/process.hpp"

#include "handle_windows.hpp"
#include "text_windows.hpp"

#include <windows.h>

#include <array>
#include <cstdlib>
#include <exception>
#include <random>

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

// Windows counts its starts only where prefetching is on. A volatile key, though, ends with the start in
// which it was made, or with the user's log-off, which then counts as one: what may be missing is looked for
// once too often.
std::string boot_id() {
  constexpr auto kKey = L"Software\\mqtt-logger start of the system";
  constexpr auto kValue = L"id";
  HKEY key = nullptr;
  if (RegCreateKeyExW(HKEY_CURRENT_USER, kKey, 0, nullptr, REG_OPTION_VOLATILE,
                      KEY_QUERY_VALUE | KEY_SET_VALUE, nullptr, &key, nullptr) != ERROR_SUCCESS)
    return {};
  std::uint64_t id = 0;
  DWORD size = sizeof id;
  LSTATUS result = RegGetValueW(key, nullptr, kValue, RRF_RT_REG_QWORD, nullptr, &id, &size);
  if (result != ERROR_SUCCESS) {
    std::random_device random;
    id = std::uint64_t{random()} << 32 | random();
    result = RegSetValueExW(key, kValue, 0, REG_QWORD, reinterpret_cast<const BYTE*>(&id), sizeof id);
  }
  RegCloseKey(key);
  return result == ERROR_SUCCESS ? std::to_string(id) : std::string{};
}

void kill_self() noexcept {
  constexpr UINT kAsShellsSay = 128 + 9;
  for (;;) TerminateProcess(GetCurrentProcess(), kAsShellsSay);
}

void lower_this_threads_priority() noexcept {
  SetThreadPriority(GetCurrentThread(), THREAD_PRIORITY_BELOW_NORMAL);
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
