#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace mqtt_logger {

/// CRC-32C (Castagnoli; RFC 3720, appendix B.4) of `bytes`, continuing from `crc`, the result for the bytes
/// before. "123456789" gives 0xE3069283.
[[nodiscard]] std::uint32_t crc32c(std::string_view bytes, std::uint32_t crc = 0) noexcept;

/// The same without the processor's instruction, which not every one has.
[[nodiscard]] std::uint32_t crc32c_by_tables(std::string_view bytes, std::uint32_t crc = 0) noexcept;

}  // namespace mqtt_logger
