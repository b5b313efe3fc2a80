#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <system_error>

namespace mqtt_logger {

/// Asked at the start by whoever cannot go on, with what is wrong in a sentence: whether to try once more. It
/// waits before it says so, and says no if waiting does not help. Empty: no.
using TryAgain = std::function<bool(const std::error_code& error, const std::string& what)>;

/// Calls until there is no error, or until it is no use; returns the last one. `describe` gives the sentence.
template <typename Call, typename Describe>
[[nodiscard]] std::error_code call_until_done(const TryAgain& try_again, Call call, Describe describe) {
  std::error_code error = call();
  while (error && try_again && try_again(error, describe(error))) error = call();
  return error;
}

/// Why a file cannot be written, and what would be right where the system's own words do not say it:
/// `instead` for a file that may not grow further.
[[nodiscard]] std::string describe_write_error(const std::error_code& error, std::string_view instead);

inline constexpr std::string_view kRotateInstead = "--rotate-size starts new exports before that";

}  // namespace mqtt_logger
