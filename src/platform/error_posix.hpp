#pragma once

#include <cerrno>
#include <system_error>

namespace mqtt_logger {

/// Why the last system call of this thread failed.
[[nodiscard]] inline std::error_code last_error() noexcept {
  return {errno, std::system_category()};
}

/// Whether this says, of rights and owners of a file that is ours, that the file system has none (FAT, some
/// of networks), or that we may not: it then has those that it has.
[[nodiscard]] inline bool has_no_such_rights(const std::error_code& error) noexcept {
  return error.value() == EPERM || error.value() == EOPNOTSUPP || error.value() == ENOSYS ||
         error.value() == EINVAL;
}

/// Whether this says, of flock(), that the file system has no locks.
[[nodiscard]] inline bool is_without_locks(const std::error_code& error) noexcept {
  return error.value() == ENOLCK || error.value() == ENOSYS || error.value() == EOPNOTSUPP ||
         error.value() == EINVAL;
}

/// Why flock() failed; `std::errc::no_lock_available` for any answer that says that there are none.
[[nodiscard]] inline std::error_code lock_error() noexcept {
  return is_without_locks(last_error()) ? std::make_error_code(std::errc::no_lock_available) : last_error();
}

}  // namespace mqtt_logger
