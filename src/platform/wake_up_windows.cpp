#include "mqtt_logger/platform/wake_up.hpp"

#include <windows.h>

namespace mqtt_logger {

static_assert(sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t) &&
              std::atomic<std::uint32_t>::is_always_lock_free);

void wait_while_equal(std::atomic<std::uint32_t>& word, std::uint32_t expected,
                      std::chrono::milliseconds timeout) noexcept {
  WaitOnAddress(&word, &expected, sizeof expected, static_cast<DWORD>(timeout.count()));
}

void wake_waiter(std::atomic<std::uint32_t>& word) noexcept {
  WakeByAddressSingle(&word);
}

}  // namespace mqtt_logger
