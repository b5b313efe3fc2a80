#include "mqtt_logger/platform/crash_point.hpp"

#include "mqtt_logger/platform/process.hpp"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <random>
#include <string>
#include <thread>

namespace mqtt_logger {
namespace {

std::string read_variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string{} : value;
}

struct Target {
  std::string name;
  unsigned long pass = 1;
};

// A value that makes no sense ends the process as any exception in a noexcept function does: tests notice
// that.
Target read_target() {
  const std::string text = read_variable("LOGGER_CRASH_POINT");
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos) return {text, 1};
  const std::string pass = text.substr(colon + 1);
  if (!pass.starts_with("1/")) return {text.substr(0, colon), std::stoul(pass)};
  const std::string seed = read_variable("LOGGER_CRASH_SEED");
  std::mt19937_64 random{seed.empty() ? std::random_device{}() : std::stoull(seed)};
  return {text.substr(0, colon), std::uniform_int_distribution{1ul, std::stoul(pass.substr(2))}(random)};
}

[[noreturn]] void die() {
  const std::string file = read_variable("LOGGER_CRASH_FILE");
  if (file.empty()) kill_self();
  std::ofstream{file} << "to be killed\n";
  for (;;) std::this_thread::sleep_for(std::chrono::hours{1});
}

}  // namespace

void crash_point(std::string_view name) noexcept {
  static const Target target = read_target();
  static std::atomic<unsigned long> passes{0};
  if (name == target.name && ++passes == target.pass) die();
}

}  // namespace mqtt_logger
