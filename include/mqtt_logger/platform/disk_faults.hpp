#pragma once

#include <atomic>
#include <cstdint>
#include <system_error>

namespace mqtt_logger {

/// What disks did to this process that no call has returned, for the log.
struct DiskFaults {
  /// Stores to a mapped file that failed, each try counted: grows some times a second while a thread waits.
  std::uint32_t failed_stores = 0;
  std::error_code store_error;  ///< why the last of them failed
  /// What a file system has answered that cannot bring files to the device when it is asked to: tolerated.
  std::error_code missing_sync;
};

/// Any thread.
[[nodiscard]] DiskFaults disk_faults() noexcept;

/// Grows, and wakes who sleeps on it (wait_while_equal()), whenever disk_faults() has changed.
[[nodiscard]] std::atomic<std::uint32_t>& disk_fault_changes() noexcept;

/// For the implementations of files. An error of the system, by its number; safe in a signal handler.
void note_failed_store(int error) noexcept;
void note_missing_sync(int error) noexcept;

/// Whether this says that a disk, a quota or a limit has no room: it may have some later.
[[nodiscard]] bool is_want_of_room(const std::error_code& error) noexcept;

}  // namespace mqtt_logger
