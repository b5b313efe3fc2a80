#include "mqtt_logger/platform/wake_up.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace mqtt_logger {
namespace {

/// The time that this system call takes: two words, whatever `timespec` is. (With 64-bit times on a 32-bit
/// system that is another one, of which the call would take half, and not wait at all.)
struct KernelTime {
  long seconds;
  long nanoseconds;
};

}  // namespace

static_assert(sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t) &&
              std::atomic<std::uint32_t>::is_always_lock_free);

void wait_while_equal(std::atomic<std::uint32_t>& word, std::uint32_t expected,
                      std::chrono::milliseconds timeout) noexcept {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(timeout);
  const KernelTime relative{static_cast<long>(seconds.count()),
                            static_cast<long>(std::chrono::nanoseconds{timeout - seconds}.count())};
  ::syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, expected, &relative, nullptr, 0);
}

void wake_waiter(std::atomic<std::uint32_t>& word) noexcept {
  ::syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

}  // namespace mqtt_logger
