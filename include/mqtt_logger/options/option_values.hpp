#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace mqtt_logger {

// The values a user writes, to numbers. All are exact: what does not fit, is not a whole number of the unit,
// or is followed by anything else is nothing. No sign, no exponent, no hexadecimal, no spaces.

/// Decimal digits: `1883`.
[[nodiscard]] std::optional<std::uint64_t> parse_number(std::string_view text) noexcept;

/// `250ms`, `2s`, `5m`, `1h`, `7d`; from the largest unit to the smallest also together, `1h30m`; a plain
/// number means seconds. Each number may have decimals: `0.5`, `1.5h`.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) noexcept;

/// Bytes: `65536`, `64KiB`, `64MiB`, `1.5GiB`, `1TiB` (powers of 1024; also `64K`, `64M` …) or `64kB`,
/// `64MB`, `1GB`, `1TB` (powers of 1000).
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text) noexcept;

}  // namespace mqtt_logger
