#pragma once

#include <unistd.h>

#include <cstdio>
#include <cstring>

/// Which files a preloaded library is meant for: those below one folder.

inline bool is_below(const char* folder, const char* path) noexcept {
  return folder != nullptr && std::strncmp(path, folder, std::strlen(folder)) == 0;
}

inline bool is_below(const char* folder, int file) noexcept {
  char link[64];
  char path[4096];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  const long length = ::readlink(link, path, sizeof path - 1);
  if (length < 0) return false;
  path[length] = '\0';
  return is_below(folder, path);
}
