#pragma once

#include <memory>
#include <string_view>

namespace mqtt_logger {

/// The logger's own end of `--background`: the command that was typed waits until it hears how it went.
class Background {
 public:
  virtual ~Background() = default;

  /// Whether anybody keeps what goes to the system's log.
  [[nodiscard]] virtual bool has_system_log() const noexcept { return true; }

  /// Ends the command with this exit code; it prints the line before. Only the first call counts. An exit
  /// code of an error that ends this process as well (all but 0 and 1) is given when it has ended, so that
  /// what it held is free then. Without a call the command ends with this process, and its exit code.
  virtual void report(int exit_code, std::string_view line) noexcept = 0;
};

/// Goes on in a process without terminal: in a session of its own, standard streams from and to the null
/// device. The working directory stays, because paths may be relative to it. Call before any file is opened
/// and any thread starts; it returns in the new process only. (POSIX: fork(). Windows: the program starts
/// itself again, with a pipe, and finds that out here.) Throws StartupError.
[[nodiscard]] std::unique_ptr<Background> go_to_background();

}  // namespace mqtt_logger
