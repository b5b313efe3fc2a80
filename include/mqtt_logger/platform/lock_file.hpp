#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <system_error>

namespace mqtt_logger {

/// A file that says which process uses something, and keeps every other one out. The lock ends with the
/// process, however it ends; the file is removed by the destructor, and one left behind by a crash does no
/// harm.
class LockFile {
 public:
  virtual ~LockFile() = default;
};

/// Errors: `std::errc::resource_unavailable_try_again` if another process holds it, with its id in `holder`
/// (0 if unknown); else the system's error.
[[nodiscard]] std::error_code take_lock(const std::filesystem::path& path, std::unique_ptr<LockFile>& lock,
                                        std::uint64_t& holder);

}  // namespace mqtt_logger
