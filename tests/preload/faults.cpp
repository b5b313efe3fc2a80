// Loaded before the C library (LD_PRELOAD), it lets file calls of the program under test fail, and moves its
// wall clock, as a file tells that the test maps as well: tests/support/faults.py. It asks the kernel itself,
// so that it can stand before a sanitizer too.

#include "paths.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

/// The layout of the file.
struct Faults {
  volatile std::int64_t error;          // that calls fail with; 0: none does
  volatile std::int64_t clock_seconds;  // by which the wall clock is ahead
  volatile std::int64_t failed_calls;
  volatile std::int64_t boot_seconds;     // by which the time since the machine's start is ahead
  volatile std::int64_t is_synchronised;  // the wall clock, by the kernel's account
  volatile std::int64_t threads;  // that can be made beside those that run, and one more; 0: any number
};

Faults* map_faults() noexcept {
  const char* const path = std::getenv("FAULTS_FILE");
  const long file = path == nullptr ? -1 : ::syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
  if (file < 0) std::abort();
  void* const address =
      ::mmap(nullptr, sizeof(Faults), PROT_READ | PROT_WRITE, MAP_SHARED, static_cast<int>(file), 0);
  if (address == MAP_FAILED) std::abort();
  return static_cast<Faults*>(address);
}

Faults& faults() noexcept {
  static Faults* const mapped = map_faults();
  return *mapped;
}

template <typename Target>
bool is_under_test(Target target) noexcept {
  static const char* const folder = std::getenv("FAULTS_FOLDER");
  return is_below(folder, target);
}

template <typename Target>
bool fails(Target target) noexcept {
  const std::int64_t error = faults().error;
  if (error == 0 || !is_under_test(target)) return false;
  faults().failed_calls = faults().failed_calls + 1;
  errno = static_cast<int>(error);
  return true;
}

struct Work {
  void* (*run)(void*);
  void* argument;
};

void* run_and_give_back(void* given) {
  const Work work = *static_cast<Work*>(given);
  delete static_cast<Work*>(given);
  void* const result = work.run(work.argument);
  faults().threads = faults().threads + 1;
  return result;
}

}  // namespace

extern "C" {

// As on a disk that fills: a part is taken first, and the rest fails.
ssize_t pwrite(int file, const void* bytes, size_t count, off_t offset) {
  thread_local bool is_begun = false;
  if (faults().error == 0) {
    is_begun = false;
  } else if (count > 1 && !is_begun && is_under_test(file)) {
    is_begun = true;
    count /= 2;
  } else if (is_begun = false; fails(file)) {
    return -1;
  }
  return ::syscall(SYS_pwrite64, file, bytes, count, offset);
}

int fdatasync(int file) {
  return fails(file) ? -1 : static_cast<int>(::syscall(SYS_fdatasync, file));
}

int fsync(int file) {
  return fails(file) ? -1 : static_cast<int>(::syscall(SYS_fsync, file));
}

int open(const char* path, int flags, ...) {
  std::va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  if ((flags & O_ACCMODE) != O_RDONLY && fails(path)) return -1;
  return static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, flags, mode));
}

int clock_gettime(clockid_t clock, timespec* time) {
  const int result = static_cast<int>(::syscall(SYS_clock_gettime, clock, time));
  if (result == 0 && clock == CLOCK_REALTIME) time->tv_sec += faults().clock_seconds;
  if (result == 0 && clock == CLOCK_BOOTTIME) time->tv_sec += faults().boot_seconds;
  return result;
}

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*run)(void*), void* argument) {
  static const auto create =
      reinterpret_cast<decltype(&pthread_create)>(::dlsym(RTLD_NEXT, "pthread_create"));
  if (faults().threads == 1) return EAGAIN;
  if (faults().threads == 0) return create(thread, attributes, run, argument);
  faults().threads = faults().threads - 1;
  return create(thread, attributes, run_and_give_back, new Work{run, argument});
}

// With a deadline by the wall clock, as Paho has them: the kernel's own clock has not been moved.
int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex, const timespec* deadline) {
  static const auto wait =
      reinterpret_cast<decltype(&pthread_cond_timedwait)>(::dlsym(RTLD_NEXT, "pthread_cond_timedwait"));
  timespec unmoved = *deadline;
  unmoved.tv_sec -= faults().clock_seconds;
  return wait(condition, mutex, &unmoved);
}

int adjtimex(timex* state) noexcept {
  if (state->modes != 0) std::abort();
  state->status = faults().is_synchronised != 0 ? 0 : STA_UNSYNC;
  return faults().is_synchronised != 0 ? TIME_OK : TIME_ERROR;
}

}  // extern "C"
