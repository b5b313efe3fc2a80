#include "mqtt_logger/running/pid_file.hpp"

#include "mqtt_logger/error.hpp"
#include "mqtt_logger/platform/process.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>

namespace mqtt_logger {
namespace {

[[noreturn]] void fail(const Options& options, const std::string& what) {
  throw StartupError{ExitCode::output_unusable,
                     fmt::format("--pid-file {}: {}", options.pid_file.string(), what)};
}

/// Digits and white space, or nothing at all. Whatever else it is, it is somebody's file.
bool can_be_pid_file(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  constexpr std::size_t kLongest = 64;
  std::string text(kLongest, '\0');
  file.read(text.data(), kLongest);
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text.size() < kLongest && std::all_of(text.begin(), text.end(), [](char byte) {
           return (byte >= '0' && byte <= '9') || byte == '\n' || byte == '\r' || byte == ' ';
         });
}

}  // namespace

std::unique_ptr<LockFile> take_pid_file(const Options& options) {
  if (options.pid_file.empty()) return nullptr;
  if (!can_be_pid_file(options.pid_file)) {
    fail(options, "is another kind of file; choose another name, or remove it");
  }
  LockReading reading;
  const std::error_code unreadable = read_lock(options.pid_file, reading);
  if (unreadable) fail(options, "cannot be read: " + unreadable.message());
  if (reading.is_foreign) fail(options, "is locked by a program that is no logger");
  if (reading.is_held) fail(options, fmt::format("in use by another logger, process {}", reading.holder));
  const std::uint64_t other = find_living_process(options.pid_file);
  if (other != 0 && other != process_id()) {
    fail(options, fmt::format("names process {}, which runs and is no logger of this file; choose another "
                              "name, or remove the file",
                              other));
  }
  std::unique_ptr<LockFile> lock;
  std::uint64_t holder = 0;
  const std::error_code error = take_lock(options.pid_file, lock, holder);
  if (error == std::errc::resource_unavailable_try_again) {
    fail(options, fmt::format("in use by another logger, process {}", holder));
  }
  if (error) fail(options, "cannot be written: " + error.message());
  return lock;
}

}  // namespace mqtt_logger
