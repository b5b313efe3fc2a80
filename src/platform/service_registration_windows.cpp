#include "mqtt_logger/base/error.hpp"
#include "mqtt_logger/platform/service_registration.hpp"

#include "service_registry_windows.hpp"
#include "text_windows.hpp"

#include <windows.h>

#include <array>
#include <filesystem>
#include <memory>
#include <string_view>
#include <type_traits>

namespace mqtt_logger {
namespace {

constexpr auto kName = L"mqtt-logger";
constexpr auto kEventSource = L"SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\mqtt-logger";
// A program of Windows whose messages with numbers up to 1000 are nothing but the text that they are given.
constexpr auto kMessages = L"%SystemRoot%\\System32\\EventCreate.exe";
constexpr DWORD kStopTimeout = 120'000;
constexpr DWORD kCheckEvery = 100;

struct CloseService {
  void operator()(SC_HANDLE handle) const noexcept { CloseServiceHandle(handle); }
};
using ServiceHandle = std::unique_ptr<std::remove_pointer_t<SC_HANDLE>, CloseService>;

[[noreturn]] void fail(std::string_view option, const std::string& what, DWORD code = GetLastError()) {
  const std::string reason =
      code == ERROR_ACCESS_DENIED ? "must run as administrator" : windows_error(code).message();
  throw StartupError{ExitCode::output_unusable, std::string{option} + ": " + what + ": " + reason};
}

ServiceHandle open_manager(std::string_view option, DWORD access) {
  ServiceHandle manager{OpenSCManagerW(nullptr, nullptr, access)};
  if (!manager) fail(option, "cannot speak to the service control manager");
  return manager;
}

/// One argument as CommandLineToArgvW() reads it back.
std::wstring quote(const std::wstring& text) {
  std::wstring quoted = L"\"";
  std::size_t backslashes = 0;
  for (const wchar_t letter : text) {
    if (letter == L'"') quoted.append(backslashes + 1, L'\\');  // before a quote each one counts twice
    backslashes = letter == L'\\' ? backslashes + 1 : 0;
    quoted += letter;
  }
  return quoted.append(backslashes, L'\\') + L'"';
}

std::wstring make_command_line(const std::vector<std::string>& arguments) {
  std::wstring program(32'768, L'\0');
  program.resize(GetModuleFileNameW(nullptr, program.data(), static_cast<DWORD>(program.size())));
  std::wstring line = quote(program);
  for (const std::string& argument : arguments) line += L' ' + quote(to_wide(argument));
  return line;
}

void set_text(std::string_view option, const std::wstring& key, const wchar_t* value, DWORD type,
              const std::wstring& text) {
  const auto size = static_cast<DWORD>((text.size() + 1) * sizeof(wchar_t));
  const LSTATUS code = RegSetKeyValueW(HKEY_LOCAL_MACHINE, key.c_str(), value, type, text.c_str(), size);
  if (code != ERROR_SUCCESS) fail(option, "cannot write the registry", static_cast<DWORD>(code));
}

void describe(SC_HANDLE service) noexcept {
  std::wstring words = L"Appends every message of an MQTT broker to CSV and JSON files.";
  SERVICE_DESCRIPTIONW description{words.data()};
  ChangeServiceConfig2W(service, SERVICE_CONFIG_DESCRIPTION, &description);
  // A crash is followed by another start; an end with an exit code is not, it has a reason that stays.
  std::array<SC_ACTION, 3> actions{
      {{SC_ACTION_RESTART, 1000}, {SC_ACTION_RESTART, 10'000}, {SC_ACTION_RESTART, 60'000}}};
  SERVICE_FAILURE_ACTIONSW failure{};
  failure.dwResetPeriod = 3600;
  failure.cActions = static_cast<DWORD>(actions.size());
  failure.lpsaActions = actions.data();
  ChangeServiceConfig2W(service, SERVICE_CONFIG_FAILURE_ACTIONS, &failure);
  SERVICE_PRESHUTDOWN_INFO shutdown{60'000};  // before the network goes
  ChangeServiceConfig2W(service, SERVICE_CONFIG_PRESHUTDOWN_INFO, &shutdown);
}

void stop(std::string_view option, SC_HANDLE service) {
  SERVICE_STATUS status{};
  if (ControlService(service, SERVICE_CONTROL_STOP, &status) == 0 &&
      GetLastError() != ERROR_SERVICE_NOT_ACTIVE && GetLastError() != ERROR_SERVICE_CANNOT_ACCEPT_CTRL)
    fail(option, "the service cannot be stopped");
  for (DWORD waited = 0;
       QueryServiceStatus(service, &status) != 0 && status.dwCurrentState != SERVICE_STOPPED;
       waited += kCheckEvery) {
    if (waited >= kStopTimeout) fail(option, "the service was asked to stop and still runs", ERROR_TIMEOUT);
    Sleep(kCheckEvery);
  }
}

}  // namespace

std::string install_service(const std::vector<std::string>& arguments) {
  constexpr std::string_view kOption = "--install-service";
  const ServiceHandle manager = open_manager(kOption, SC_MANAGER_CREATE_SERVICE);
  const ServiceHandle service{CreateServiceW(manager.get(), kName, L"MQTT logger", SERVICE_ALL_ACCESS,
                                             SERVICE_WIN32_OWN_PROCESS, SERVICE_AUTO_START,
                                             SERVICE_ERROR_NORMAL, make_command_line(arguments).c_str(),
                                             nullptr, nullptr, nullptr, nullptr, nullptr)};
  if (!service && GetLastError() == ERROR_SERVICE_EXISTS) {
    throw StartupError{ExitCode::output_unusable,
                       "--install-service: there is a service mqtt-logger; --uninstall-service removes it"};
  }
  if (!service) fail(kOption, "the service cannot be made");
  try {
    const std::wstring folder = std::filesystem::current_path().wstring();
    set_text(kOption, service_parameters_key(kName), kServiceFolderValue, REG_SZ, folder);
    set_text(kOption, kEventSource, L"EventMessageFile", REG_EXPAND_SZ, kMessages);
  } catch (...) {
    DeleteService(service.get());
    throw;
  }
  describe(service.get());
  return "the service mqtt-logger is installed; net start mqtt-logger starts it, as does each start of "
         "Windows\n";
}

std::string uninstall_service() {
  constexpr std::string_view kOption = "--uninstall-service";
  const ServiceHandle manager = open_manager(kOption, SC_MANAGER_CONNECT);
  const ServiceHandle service{
      OpenServiceW(manager.get(), kName, SERVICE_STOP | SERVICE_QUERY_STATUS | DELETE)};
  if (!service && GetLastError() == ERROR_SERVICE_DOES_NOT_EXIST) return "there is no service mqtt-logger\n";
  if (!service) fail(kOption, "the service cannot be opened");
  stop(kOption, service.get());
  if (DeleteService(service.get()) == 0) fail(kOption, "the service cannot be removed");
  RegDeleteTreeW(HKEY_LOCAL_MACHINE, kEventSource);
  return "the service mqtt-logger is removed; its exports stay\n";
}

}  // namespace mqtt_logger
