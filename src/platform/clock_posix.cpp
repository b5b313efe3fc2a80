#include "mqtt_logger/platform/clock.hpp"

#include <time.h>

#if defined(__linux__)
#include <sys/timex.h>
#endif

namespace mqtt_logger {
namespace {

#if defined(__linux__)
constexpr clockid_t kSinceStart = CLOCK_BOOTTIME;

bool is_synchronised() noexcept {
  timex state{};  // asks for nothing to be changed
  return ::adjtimex(&state) >= 0 && (state.status & STA_UNSYNC) == 0;
}
#else
constexpr clockid_t kSinceStart = CLOCK_MONOTONIC;

bool is_synchronised() noexcept {
  return false;
}
#endif

}  // namespace

ClockReading read_clock() noexcept {
  timespec since_start{};
  ::clock_gettime(kSinceStart, &since_start);
  return {std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now()),
          std::chrono::seconds{since_start.tv_sec} +
              std::chrono::floor<std::chrono::microseconds>(std::chrono::nanoseconds{since_start.tv_nsec}),
          is_synchronised()};
}

}  // namespace mqtt_logger
