#pragma once

#include "mqtt_logger/platform/lock_file.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace mqtt_logger {

/// More than anybody publishes in a lock file.
inline constexpr std::size_t kLongestLockText = std::size_t{256} * 1024;
/// Who only looks whether a lock is held keeps others out for a moment. That must not keep a logger from
/// starting.
inline constexpr std::chrono::milliseconds kLockTimeout{100};
inline constexpr std::chrono::milliseconds kTryLockAgainAfter{5};

/// What a lock file begins with that this process holds.
[[nodiscard]] std::string make_lock_begin(LockKind kind);

/// The number that `text` begins with; 0 if there is none.
[[nodiscard]] std::uint64_t parse_process_id(std::string_view text) noexcept;

/// When the process that wrote the text was started; 0 if it does not say so.
[[nodiscard]] std::uint64_t parse_process_start(std::string_view text) noexcept;

/// Whether a file with this text is one of ours, which may be replaced: it is empty, or holds what a lock
/// file or a file with a process id does, also one that was half replaced when its process was killed. Zeros
/// are what a power failure may leave.
[[nodiscard]] bool is_lock_text(std::string_view text) noexcept;

/// What the whole text of a lock file says that is held. `is_writers`: whether the process that it names has
/// written it; otherwise it was left behind, and whoever holds the file now is somebody else.
[[nodiscard]] LockReading parse_lock_text(std::string_view text, bool is_writers);

}  // namespace mqtt_logger
