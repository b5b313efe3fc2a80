#include "mqtt_logger/platform/process.hpp"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace mqtt_logger {

std::uint64_t process_id() noexcept {
  return static_cast<std::uint64_t>(::getpid());
}

std::uint64_t start_of_process(std::uint64_t id) {
  std::ifstream file{"/proc/" + std::to_string(id) + "/stat"};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  const std::size_t name_end = text.rfind(')');  // the name may hold anything
  if (name_end == std::string::npos) return 0;
  constexpr int kFieldsBefore = 19;  // between the name and the time of the start
  std::size_t begin = name_end + 1;
  for (int field = 0; field < kFieldsBefore && begin != std::string::npos; ++field)
    begin = text.find(' ', begin + 1);
  std::uint64_t ticks = 0;
  if (begin != std::string::npos) std::from_chars(text.data() + begin + 1, text.data() + text.size(), ticks);
  return ticks;
}

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "localhost";
  const std::string full{name.data()};
  return full.substr(0, full.find('.'));
}

std::string boot_id() {
  std::ifstream file{"/proc/sys/kernel/random/boot_id"};
  std::string id;
  std::getline(file, id);
  return id;
}

void kill_self() noexcept {
  ::kill(::getpid(), SIGKILL);
  for (;;) ::pause();  // until the signal is here
}

void name_this_thread(const char* name) noexcept {
  ::pthread_setname_np(::pthread_self(), name);
}

// On Linux both are properties of a thread, though setpriority() says process.
void lower_this_threads_priority() noexcept {
#if defined(__linux__)
  constexpr int kNice = 10;
  constexpr int kOneThread = 1;                   // IOPRIO_WHO_PROCESS, of which C libraries have no header
  constexpr int kLastOfBestEffort = 2 << 13 | 7;  // IOPRIO_CLASS_BE
  const auto thread = static_cast<id_t>(::syscall(SYS_gettid));
  ::setpriority(PRIO_PROCESS, thread, kNice);
  ::syscall(SYS_ioprio_set, kOneThread, thread, kLastOfBestEffort);
#endif
}

void remove_from_environment(const char* name) noexcept {
  ::unsetenv(name);
}

}  // namespace mqtt_logger
