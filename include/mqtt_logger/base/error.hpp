#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>

namespace mqtt_logger {

/// The program's exit codes; scripts rely on them, so a number never changes its meaning.
enum class ExitCode : int {
  everything_written = 0,  ///< stopped on request, every message is in the exports
  something_pending = 1,   ///< stopped with something not written, or not written yet
  not_whole = 1,           ///< of --verify: faults found; of --replay: not everything was published
  usage = 2,               ///< wrong option, value, topic filter or file
  refused = 3,             ///< the broker refuses this client for good
  output_unusable = 4,     ///< the output is in use by another logger, or cannot be used
};

/// Why the program cannot start, or that the broker has turned it out: one line that names what is wrong and
/// what would be right. Thrown on the main thread; caught in main(), and in app, which writes what there is
/// first.
class StartupError : public std::runtime_error {
 public:
  StartupError(ExitCode exit_code, const std::string& what)
      : std::runtime_error{what}, exit_code_{exit_code} {}

  [[nodiscard]] ExitCode exit_code() const noexcept { return exit_code_; }

 private:
  ExitCode exit_code_;
};

/// Throws a StartupError (usage).
[[noreturn]] void refuse(const std::string& what);
/// The same about the file that an option names: `--tls-ca ca.pem: must be …`
[[noreturn]] void refuse(std::string_view option, const std::filesystem::path& file, std::string_view fault);

}  // namespace mqtt_logger
