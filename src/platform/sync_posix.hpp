#pragma once

#include "mqtt_logger/platform/disk_faults.hpp"

#include "error_posix.hpp"

namespace mqtt_logger {

/// What fsync(), fdatasync() or msync() has answered, given what it returned. Not every file system can do
/// that: those of FUSE and of networks have answers of their own, EBADF among them for a descriptor that is
/// open.
[[nodiscard]] inline std::error_code check_synced(int result) noexcept {
  if (result == 0) return {};
  const std::error_code error = last_error();
  switch (error.value()) {
    case EINVAL:
    case EOPNOTSUPP:
    case ENOSYS:
    case EBADF:
      note_missing_sync(error.value());
      return {};
    default:
      return error;
  }
}

}  // namespace mqtt_logger
