#include "mqtt_logger/base/error.hpp"
#include "mqtt_logger/platform/background.hpp"

#include "handle_windows.hpp"
#include "text_windows.hpp"

#include <windows.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

namespace mqtt_logger {
namespace {

// Tells the logger that it is one in the background, and the handle of its pipe to the command.
constexpr auto kVariable = L"_MQTT_LOGGER_BACKGROUND_PIPE";

[[noreturn]] void throw_startup_error(const std::string& what) {
  throw StartupError{ExitCode::output_unusable,
                     "--background: " + what + ": " + last_windows_error().message()};
}

void write_all(HANDLE file, std::string_view bytes) noexcept {
  DWORD written = 0;
  WriteFile(file, bytes.data(), static_cast<DWORD>(bytes.size()), &written, nullptr);
}

class PipeToCommand final : public Background {
 public:
  explicit PipeToCommand(Handle pipe) noexcept : pipe_{std::move(pipe)} {}

  void report(int exit_code, std::string_view line) noexcept override {
    if (!pipe_) return;
    const char code = static_cast<char>(exit_code);
    write_all(pipe_.get(), {&code, 1});
    write_all(pipe_.get(), line);
    pipe_.reset();
  }

 private:
  Handle pipe_;
};

/// The pipe that the command has given to this process; empty if this is the command.
Handle take_pipe() noexcept {
  std::array<wchar_t, 32> text{};
  const DWORD length = GetEnvironmentVariableW(kVariable, text.data(), static_cast<DWORD>(text.size()));
  if (length == 0 || length >= text.size()) return {};
  SetEnvironmentVariableW(kVariable, nullptr);
  const auto pipe =
      reinterpret_cast<HANDLE>(static_cast<std::uintptr_t>(std::wcstoull(text.data(), nullptr, 10)));
  if (GetFileType(pipe) != FILE_TYPE_PIPE) return {};
  SetHandleInformation(pipe, HANDLE_FLAG_INHERIT, 0);
  return Handle{pipe};
}

/// What a new process gets of ours: these handles and no others.
class Inheritance {
 public:
  explicit Inheritance(std::array<HANDLE, 2> handles) : handles_{handles} {
    SIZE_T size = 0;
    InitializeProcThreadAttributeList(nullptr, 1, 0, &size);
    bytes_.resize(size);
    if (InitializeProcThreadAttributeList(list(), 1, 0, &size) == 0 ||
        UpdateProcThreadAttribute(list(), 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, handles_.data(),
                                  handles_.size() * sizeof(HANDLE), nullptr, nullptr) == 0)
      throw_startup_error("cannot start a process");
  }
  ~Inheritance() { DeleteProcThreadAttributeList(list()); }
  Inheritance(const Inheritance&) = delete;
  Inheritance& operator=(const Inheritance&) = delete;

  [[nodiscard]] LPPROC_THREAD_ATTRIBUTE_LIST list() noexcept {
    return reinterpret_cast<LPPROC_THREAD_ATTRIBUTE_LIST>(bytes_.data());
  }

 private:
  std::array<HANDLE, 2> handles_;
  std::vector<char> bytes_;
};

std::wstring find_program() {
  std::wstring path(32'768, L'\0');
  path.resize(GetModuleFileNameW(nullptr, path.data(), static_cast<DWORD>(path.size())));
  return path;
}

/// The same command line again, without a console, with standard streams from and to nowhere.
Handle start_logger(HANDLE pipe) {
  SECURITY_ATTRIBUTES inherited{sizeof inherited, nullptr, TRUE};
  const Handle null{CreateFileW(L"NUL", GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE,
                                &inherited, OPEN_EXISTING, 0, nullptr)};
  if (!null) throw_startup_error("cannot open NUL");
  Inheritance inheritance{{null.get(), pipe}};
  STARTUPINFOEXW start{};
  start.StartupInfo.cb = sizeof start;
  start.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
  start.StartupInfo.hStdInput = start.StartupInfo.hStdOutput = start.StartupInfo.hStdError = null.get();
  start.lpAttributeList = inheritance.list();
  SetEnvironmentVariableW(kVariable, std::to_wstring(reinterpret_cast<std::uintptr_t>(pipe)).c_str());
  constexpr DWORD kFlags = DETACHED_PROCESS | CREATE_NEW_PROCESS_GROUP | EXTENDED_STARTUPINFO_PRESENT;
  PROCESS_INFORMATION process{};
  // Out of the job, if there is one and it lets us: a job may end all its processes with the first.
  for (const DWORD flags : {kFlags | CREATE_BREAKAWAY_FROM_JOB, kFlags}) {
    std::wstring command_line = GetCommandLineW();
    if (CreateProcessW(find_program().c_str(), command_line.data(), nullptr, nullptr, TRUE, flags, nullptr,
                       nullptr, &start.StartupInfo, &process) != 0) {
      CloseHandle(process.hThread);
      return Handle{process.hProcess};
    }
  }
  throw_startup_error("cannot start a process");
}

/// The command: waits for the word of the logger, or for its end.
[[noreturn]] void wait_for_report(const Handle& pipe, const Handle& logger) {
  std::string report;
  std::array<char, 512> bytes{};
  DWORD got = 0;
  while (ReadFile(pipe.get(), bytes.data(), static_cast<DWORD>(bytes.size()), &got, nullptr) != 0 && got > 0)
    report.append(bytes.data(), got);
  const auto wait_for_end = [&logger] { WaitForSingleObject(logger.get(), INFINITE); };
  const HANDLE standard_error = GetStdHandle(STD_ERROR_HANDLE);
  if (!report.empty()) {
    const std::string line = report.substr(1) + '\n';
    if (line.size() > 1) write_all(standard_error, line);
    const int exit_code = static_cast<unsigned char>(report[0]);
    if (exit_code > static_cast<int>(ExitCode::something_pending)) wait_for_end();
    std::exit(exit_code);  // gives the console its code page back
  }
  DWORD exit_code = static_cast<DWORD>(ExitCode::something_pending);
  wait_for_end();
  GetExitCodeProcess(logger.get(), &exit_code);
  write_all(standard_error, "mqtt-logger: the logger has ended before it was connected; see its log\n");
  std::exit(static_cast<int>(exit_code));
}

}  // namespace

std::unique_ptr<Background> go_to_background() {
  if (Handle pipe = take_pipe()) return std::make_unique<PipeToCommand>(std::move(pipe));
  SECURITY_ATTRIBUTES inherited{sizeof inherited, nullptr, TRUE};
  HANDLE reading = nullptr;
  HANDLE writing = nullptr;
  if (CreatePipe(&reading, &writing, &inherited, 0) == 0) throw_startup_error("cannot make a pipe");
  const Handle pipe{reading};
  Handle logger_end{writing};
  const Handle logger = start_logger(logger_end.get());
  logger_end.reset();  // so that the logger's is the only one, and its end the end of the pipe
  wait_for_report(pipe, logger);
}

}  // namespace mqtt_logger
