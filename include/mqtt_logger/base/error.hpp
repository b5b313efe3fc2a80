#pragma once

#include <array>
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

/// What the texts for users say of each code: `--help` and the manual page are made from it.
struct ExitCodeMeaning {
  ExitCode code;
  std::string_view short_text;  ///< of --help
  std::string_view text;        ///< of the manual page
};

inline constexpr std::array kExitCodes{
    ExitCodeMeaning{ExitCode::everything_written, "stopped on request, everything written",
                    "Stopped on request with everything written, or the action has succeeded."},
    ExitCodeMeaning{
        ExitCode::something_pending, "something not written (yet)",
        "Stopped with something not written, or not written yet; the log says what. With --verify: "
        "faults were found. With --replay: not everything was published. With --status: no logger "
        "runs. With --background: not connected yet."},
    ExitCodeMeaning{ExitCode::usage, "wrong option",
                    "Wrong option, value or topic filter. With --verify and --replay: there is no export."},
    ExitCodeMeaning{
        ExitCode::refused, "the broker refuses this client",
        "The broker refuses this client for good, such as for a wrong password, or another client "
        "has taken over the session."},
    ExitCodeMeaning{ExitCode::output_unusable, "output in use or not usable",
                    "The output is in use by another logger, or cannot be used."},
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
