#include "mqtt_logger/platform/disk_faults.hpp"

#include "mqtt_logger/platform/wake_up.hpp"

#include <cerrno>

namespace mqtt_logger {
namespace {

// What signal handlers share with the thread that tells of it.
constinit std::atomic<std::uint32_t> changes{0};
constinit std::atomic<std::uint32_t> failed_stores{0};
constinit std::atomic<int> store_error{0};
constinit std::atomic<int> missing_sync{0};
static_assert(std::atomic<std::uint32_t>::is_always_lock_free && std::atomic<int>::is_always_lock_free);

void note_change() noexcept {
  changes.fetch_add(1);
  wake_waiter(changes);
}

}  // namespace

DiskFaults disk_faults() noexcept {
  DiskFaults faults;
  faults.failed_stores = failed_stores.load();
  faults.store_error = {store_error.load(), std::system_category()};
  faults.missing_sync = {missing_sync.load(), std::system_category()};
  return faults;
}

std::atomic<std::uint32_t>& disk_fault_changes() noexcept {
  return changes;
}

void note_failed_store(int error) noexcept {
  store_error.store(error);
  failed_stores.fetch_add(1);
  note_change();
}

void note_missing_sync(int error) noexcept {
  if (missing_sync.exchange(error) != error) note_change();
}

bool is_want_of_room(const std::error_code& error) noexcept {
#if defined(EDQUOT)
  if (error == std::error_code{EDQUOT, std::system_category()}) return true;
#endif
  return error == std::errc::no_space_on_device || error == std::errc::file_too_large;
}

}  // namespace mqtt_logger
