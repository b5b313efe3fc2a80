#include "mqtt_logger/platform/service_manager.hpp"

#include "handle_windows.hpp"
#include "service_registry_windows.hpp"
#include "stop_request_windows.hpp"

#include <tlhelp32.h>
#include <windows.h>

#include <array>
#include <atomic>
#include <map>
#include <thread>

namespace mqtt_logger {
namespace {

constexpr DWORD kStillBusyAfter = 1000;  // milliseconds; a checkpoint each
constexpr DWORD kBusyAtMost = 10'000;    // what the manager is told to wait for the next checkpoint

/// What the system's calls share with ours: static, because they are given nothing but a service's name.
struct Service {
  std::atomic<DWORD> state{SERVICE_START_PENDING};
  std::atomic<int> exit_code{0};
  HANDLE has_begun = CreateEventW(nullptr, TRUE, FALSE, nullptr);
  HANDLE has_changed = CreateEventW(nullptr, FALSE, FALSE, nullptr);
  HANDLE has_ended = CreateEventW(nullptr, TRUE, FALSE, nullptr);
};

Service& service() noexcept {
  static Service service;  // left to the system
  return service;
}

void change(DWORD state) noexcept {
  service().state = state;
  SetEvent(service().has_changed);
}

/// From start-pending on: a stop that was asked for in the meantime stays one.
void become_running() noexcept {
  DWORD expected = SERVICE_START_PENDING;
  if (service().state.compare_exchange_strong(expected, SERVICE_RUNNING)) SetEvent(service().has_changed);
}

DWORD WINAPI on_control(DWORD control, DWORD /*type*/, void* /*data*/, void* /*context*/) noexcept {
  switch (control) {
    case SERVICE_CONTROL_INTERROGATE:
      return NO_ERROR;
    case SERVICE_CONTROL_STOP:
      stop_request::make("service stop");
      break;
    case SERVICE_CONTROL_SHUTDOWN:
    case SERVICE_CONTROL_PRESHUTDOWN:
      stop_request::make("shutdown");
      break;
    default:
      return ERROR_CALL_NOT_IMPLEMENTED;
  }
  change(SERVICE_STOP_PENDING);
  return NO_ERROR;
}

SERVICE_STATUS make_status(DWORD state, DWORD checkpoint) noexcept {
  SERVICE_STATUS status{};
  status.dwServiceType = SERVICE_WIN32_OWN_PROCESS;
  status.dwCurrentState = state;
  const bool is_pending = state == SERVICE_START_PENDING || state == SERVICE_STOP_PENDING;
  // Also while it starts: a logger that waits for its broker can be stopped at any time.
  if (state == SERVICE_START_PENDING || state == SERVICE_RUNNING)
    status.dwControlsAccepted = SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_SHUTDOWN | SERVICE_ACCEPT_PRESHUTDOWN;
  if (is_pending) {
    status.dwCheckPoint = checkpoint;
    status.dwWaitHint = kBusyAtMost;
  }
  if (state == SERVICE_STOPPED && service().exit_code != 0) {
    status.dwWin32ExitCode = ERROR_SERVICE_SPECIFIC_ERROR;
    status.dwServiceSpecificExitCode = static_cast<DWORD>(service().exit_code.load());
  }
  return status;
}

/// Tells the manager each state, and in those that may take long also that we are alive. The only thread
/// that does.
void WINAPI run_service(DWORD /*count*/, LPWSTR* arguments) noexcept {
  const SERVICE_STATUS_HANDLE manager = RegisterServiceCtrlHandlerExW(arguments[0], on_control, nullptr);
  enter_service_folder(arguments[0]);
  SetEvent(service().has_begun);
  for (DWORD checkpoint = 1;; ++checkpoint) {
    const DWORD state = service().state;
    SERVICE_STATUS status = make_status(state, checkpoint);
    SetServiceStatus(manager, &status);
    if (state == SERVICE_STOPPED) return;
    WaitForSingleObject(service().has_changed, state == SERVICE_RUNNING ? INFINITE : kStillBusyAfter);
  }
}

/// Whether the manager's process is the parent of this one. Asking the dispatcher instead would take seconds
/// where there is no service to be started: it waits for a pipe that may belong to another service.
bool is_started_as_service() {
  const Handle processes{CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0)};
  std::map<DWORD, PROCESSENTRY32W> entries;
  PROCESSENTRY32W entry{};
  entry.dwSize = sizeof entry;
  for (BOOL is_one = Process32FirstW(processes.get(), &entry); is_one != 0;
       is_one = Process32NextW(processes.get(), &entry))
    entries[entry.th32ProcessID] = entry;
  const auto self = entries.find(GetCurrentProcessId());
  if (self == entries.end()) return true;  // the system does not tell; the dispatcher does
  const auto parent = entries.find(self->second.th32ParentProcessID);
  return parent != entries.end() && _wcsicmp(parent->second.szExeFile, L"services.exe") == 0;
}

// Returns when the service has stopped, or with an error if this process was not started as one after all.
void dispatch() noexcept {
  std::array<wchar_t, 1> name{};  // not looked at for a process with one service
  const std::array<SERVICE_TABLE_ENTRYW, 2> services{{{name.data(), run_service}, {nullptr, nullptr}}};
  StartServiceCtrlDispatcherW(services.data());
  SetEvent(service().has_ended);
}

class ControlManager final : public ServiceManager {
 public:
  ControlManager() {
    if (!is_started_as_service()) return;
    dispatcher_ = std::thread{dispatch};
    const std::array<HANDLE, 2> either{service().has_begun, service().has_ended};
    is_present_ = WaitForMultipleObjects(2, either.data(), FALSE, INFINITE) == WAIT_OBJECT_0;
  }
  ~ControlManager() override {
    if (is_present_) change(SERVICE_STOPPED);
    if (dispatcher_.joinable()) dispatcher_.join();
  }
  ControlManager(const ControlManager&) = delete;
  ControlManager& operator=(const ControlManager&) = delete;

  bool is_present() const noexcept override { return is_present_; }
  bool keeps_standard_error() const noexcept override { return !is_present_; }
  void ready() noexcept override { become_running(); }
  void status(std::string_view /*line*/) noexcept override {}  // it has no place for one
  void stopping() noexcept override {
    if (is_present_) change(SERVICE_STOP_PENDING);
  }
  void stopped(int exit_code) noexcept override { service().exit_code = exit_code; }
  void alive() noexcept override {}
  std::optional<std::chrono::milliseconds> watchdog_interval() const noexcept override {
    return std::nullopt;
  }

 private:
  std::thread dispatcher_;
  bool is_present_ = false;
};

}  // namespace

std::unique_ptr<ServiceManager> find_service_manager() {
  return std::make_unique<ControlManager>();
}

}  // namespace mqtt_logger
