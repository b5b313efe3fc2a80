// Loaded before the C library (LD_PRELOAD), it takes features of a file system away from the program under
// test, in one folder: MISSING_FEATURES="fsync=95,link=1,flock=37" says which, and with what errno each
// answers; FEATURES_FOLDER where.

#include "paths.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

int find_error(const char* feature) noexcept {
  const char* const missing = std::getenv("MISSING_FEATURES");
  const char* const found = missing == nullptr ? nullptr : std::strstr(missing, feature);
  return found == nullptr ? 0 : std::atoi(found + std::strlen(feature) + 1);
}

bool is_here(const char* path) noexcept {
  const char* const folder = std::getenv("FEATURES_FOLDER");
  char whole[8192];
  char working_folder[4096];
  if (path[0] != '/' && ::getcwd(working_folder, sizeof working_folder) != nullptr) {
    std::snprintf(whole, sizeof whole, "%s/%s", working_folder, path);
    path = whole;
  }
  return is_below(folder, path);
}

bool is_here(int file) noexcept {
  return is_below(std::getenv("FEATURES_FOLDER"), file);
}

template <typename Target>
bool fails(const char* feature, Target target) noexcept {
  const int error = find_error(feature);
  if (error == 0 || !is_here(target)) return false;
  errno = error;
  return true;
}

}  // namespace

extern "C" {

int fdatasync(int file) {
  return fails("fsync", file) ? -1 : static_cast<int>(::syscall(SYS_fdatasync, file));
}

int fsync(int file) {
  return fails("fsync", file) ? -1 : static_cast<int>(::syscall(SYS_fsync, file));
}

// Which file is mapped there it does not ask.
int msync(void* address, size_t length, int flags) {
  if (const int error = find_error("fsync"); error != 0) {
    errno = error;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_msync, address, length, flags));
}

int link(const char* from, const char* to) noexcept {
  return fails("link", to) ? -1 : static_cast<int>(::syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0));
}

int renameat2(int from_folder, const char* from, int to_folder, const char* to, unsigned flags) noexcept {
  if (fails("renameat2", to)) return -1;
  return static_cast<int>(::syscall(SYS_renameat2, from_folder, from, to_folder, to, flags));
}

int fchmod(int file, mode_t mode) noexcept {
  return fails("fchmod", file) ? -1 : static_cast<int>(::syscall(SYS_fchmod, file, mode));
}

int fchown(int file, uid_t owner, gid_t group) noexcept {
  return fails("fchown", file) ? -1 : static_cast<int>(::syscall(SYS_fchown, file, owner, group));
}

void* mmap(void* address, size_t length, int protection, int flags, int file, off_t offset) noexcept {
  if (file >= 0 && (flags & MAP_SHARED) != 0 && fails("mmap", file)) return MAP_FAILED;
  return reinterpret_cast<void*>(::syscall(SYS_mmap, address, length, protection, flags, file, offset));
}

int flock(int file, int operation) noexcept {
  return fails("flock", file) ? -1 : static_cast<int>(::syscall(SYS_flock, file, operation));
}

}  // extern "C"
