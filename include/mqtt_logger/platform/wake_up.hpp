#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace mqtt_logger {

/// Sleeps while `word` holds `expected`: until wake_waiter(word), until `timeout` has passed, or for no
/// reason at all. Costs nothing while it sleeps (Linux futex, Windows WaitOnAddress).
void wait_while_equal(std::atomic<std::uint32_t>& word, std::uint32_t expected,
                      std::chrono::milliseconds timeout) noexcept;

/// Wakes one thread that sleeps on `word`. Any thread; never blocks.
void wake_waiter(std::atomic<std::uint32_t>& word) noexcept;

}  // namespace mqtt_logger
