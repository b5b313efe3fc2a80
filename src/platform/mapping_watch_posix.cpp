#include "mapping_watch_posix.hpp"

#include "mqtt_logger/platform/disk_faults.hpp"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <ctime>

namespace mqtt_logger {

/// What the handler knows of one mapping.
struct WatchedRange {
  std::atomic<std::uintptr_t> begin{0};  // 0: free
  std::atomic<std::size_t> size{0};
  std::atomic<int> descriptor{-1};
  std::atomic<std::size_t> whole_bytes{0};
  std::atomic<std::uint64_t> first_bytes{0};
  std::atomic<std::uintptr_t> tried{0};  // the last page for which there was room when it was asked for
};

namespace {

constexpr std::size_t kMostMappings = 16;
constinit std::array<WatchedRange, kMostMappings> slots{};
static_assert(std::atomic<std::uintptr_t>::is_always_lock_free &&
              std::atomic<std::uint64_t>::is_always_lock_free);

constexpr long kTryAgainAfterNanoseconds = 100'000'000;

struct sigaction handler_before {};

WatchedRange* find_slot(std::uintptr_t address) noexcept {
  for (WatchedRange& slot : slots) {
    const std::uintptr_t begin = slot.begin.load();
    if (begin != 0 && address >= begin && address - begin < slot.size.load()) return &slot;
  }
  return nullptr;
}

void note_cut(WatchedRange& slot, std::size_t size) noexcept {
  std::size_t whole = slot.whole_bytes.load();
  while (size < whole && !slot.whole_bytes.compare_exchange_weak(whole, size)) {
  }
}

/// Gives a file that was cut its size again; whether it was. `error` is why it cannot be.
bool restore_size(WatchedRange& slot, int& error) noexcept {
  struct stat status {};
  const int descriptor = slot.descriptor.load();
  if (::fstat(descriptor, &status) != 0) {
    error = errno;
    return false;
  }
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size >= slot.size.load()) return false;
  note_cut(slot, size);
  const std::uint64_t begin = slot.first_bytes.load();
  const bool has_begin = size >= sizeof begin || begin == 0 ||
                         ::pwrite(descriptor, &begin, sizeof begin, 0) == static_cast<ssize_t>(sizeof begin);
  if (!has_begin || ::ftruncate(descriptor, static_cast<off_t>(slot.size.load())) != 0) error = errno;
  return true;
}

/// Writes a byte over itself, by a call that says why it cannot; where it can, the page may have its room
/// from then on.
int try_to_write(int descriptor, off_t offset) noexcept {
  char byte = 0;
  if (::pread(descriptor, &byte, 1, offset) != 1) return errno == 0 ? EIO : errno;
  return ::pwrite(descriptor, &byte, 1, offset) == 1 ? 0 : errno;
}

// The store is tried again when the handler returns, and the handler is called again if it fails again.
void wait_for_room(WatchedRange& slot, std::uintptr_t address) noexcept {
  int error = 0;
  errno = 0;
  const bool was_cut = restore_size(slot, error);
  if (was_cut && error == 0) return;
  if (error == 0) {
    constexpr std::uintptr_t kPage = 4096;
    error = try_to_write(slot.descriptor.load(), static_cast<off_t>(address - slot.begin.load()));
    const bool was_tried = slot.tried.exchange(address / kPage + 1) == address / kPage + 1;
    if (error == 0 && !was_tried) return;
  }
  note_failed_store(error == 0 ? ENOSPC : error);
  const timespec pause{0, kTryAgainAfterNanoseconds};
  ::nanosleep(&pause, nullptr);
}

void pass_on(int signal, siginfo_t* info, void* context) noexcept {
  if ((handler_before.sa_flags & SA_SIGINFO) != 0) {
    handler_before.sa_sigaction(signal, info, context);
  } else if (handler_before.sa_handler != SIG_DFL && handler_before.sa_handler != SIG_IGN) {
    handler_before.sa_handler(signal);
  } else {
    ::signal(signal, SIG_DFL);
    ::raise(signal);  // held back until we return
  }
}

void on_bus_error(int signal, siginfo_t* info, void* context) noexcept {
  const int errno_before = errno;
  const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
  WatchedRange* const slot = info->si_code == BUS_ADRERR ? find_slot(address) : nullptr;
  if (slot != nullptr) {
    wait_for_room(*slot, address);
  } else {
    pass_on(signal, info, context);
  }
  errno = errno_before;
}

void install_handler() noexcept {
  struct sigaction present {};
  if (::sigaction(SIGBUS, nullptr, &present) != 0) return;
  if ((present.sa_flags & SA_SIGINFO) != 0 && present.sa_sigaction == on_bus_error) return;
  struct sigaction action {};
  action.sa_sigaction = on_bus_error;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  sigemptyset(&action.sa_mask);  // a stop is heard while we wait
  handler_before = present;
  ::sigaction(SIGBUS, &action, nullptr);
}

}  // namespace

MappingWatch::MappingWatch(const void* address, std::size_t size, int descriptor) noexcept : slot_{nullptr} {
  for (WatchedRange& slot : slots) {
    std::uintptr_t free = 0;
    if (!slot.begin.compare_exchange_strong(free, 1)) continue;
    slot_ = &slot;
    slot.size = size;
    slot.descriptor = descriptor;
    slot.whole_bytes = size;
    slot.first_bytes = 0;
    slot.tried = 0;
    slot.begin = reinterpret_cast<std::uintptr_t>(address);
    install_handler();
    return;
  }
}

MappingWatch::~MappingWatch() {
  if (slot_ == nullptr) return;
  slot_->size = 0;
  slot_->begin = 0;
}

void MappingWatch::follow(int descriptor) noexcept {
  if (slot_ != nullptr) slot_->descriptor = descriptor;
}

std::size_t MappingWatch::whole_bytes() const noexcept {
  return slot_ == nullptr ? SIZE_MAX : slot_->whole_bytes.load();
}

void MappingWatch::note_size(std::size_t size) noexcept {
  if (slot_ != nullptr) note_cut(*slot_, size);
}

void MappingWatch::forget_cuts() noexcept {
  if (slot_ != nullptr) slot_->whole_bytes = slot_->size.load();
}

void MappingWatch::remember_begin(std::uint64_t begin) noexcept {
  if (slot_ != nullptr) slot_->first_bytes = begin;
}

}  // namespace mqtt_logger
