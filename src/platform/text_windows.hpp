#pragma once

#include <string>
#include <string_view>
#include <system_error>

namespace mqtt_logger {

/// What is not valid UTF-16 becomes U+FFFD.
[[nodiscard]] std::string to_utf8(std::wstring_view text);

/// From UTF-8; what is not valid becomes U+FFFD.
[[nodiscard]] std::wstring to_wide(std::string_view text);

/// One of the system's error codes with its words in UTF-8, comparable with std::errc. The standard library's
/// own category speaks in the user's code page, and does not know all that we ask for.
[[nodiscard]] std::error_code windows_error(unsigned long code) noexcept;

/// The calling thread's.
[[nodiscard]] std::error_code last_windows_error() noexcept;

}  // namespace mqtt_logger
