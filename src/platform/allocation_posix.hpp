#pragma once

#include <cstddef>
#include <system_error>

namespace mqtt_logger {

/// Gives an empty file all its space, where the file system copies on write also for what is stored to it
/// later, if it can. On an error the file stays empty.
[[nodiscard]] std::error_code allocate_new(int descriptor, std::size_t size) noexcept;

/// Gives a file the space that it lacks: for holes, and for what it shares with a copy where the file system
/// can part the two. What has its space costs nothing.
[[nodiscard]] std::error_code allocate_holes(int descriptor, std::size_t size) noexcept;

}  // namespace mqtt_logger
