#pragma once

#include <cstddef>
#include <cstdint>

namespace mqtt_logger {

/// Takes `count` bytes into the register of a CRC-32C: bits reflected, neither inverted before nor after.
using Crc32cStep = std::uint32_t (*)(std::uint32_t crc, const char* bytes, std::size_t count) noexcept;

/// The step by the processor's own instruction; nullptr where it has none.
[[nodiscard]] Crc32cStep find_crc32c_instruction() noexcept;

}  // namespace mqtt_logger
