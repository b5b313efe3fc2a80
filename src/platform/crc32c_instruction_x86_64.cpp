#include "crc32c_instruction.hpp"

#include <nmmintrin.h>

#include <cstring>

namespace mqtt_logger {
namespace {

// The attribute lets this one function use what the rest of the program must not count on.
[[gnu::target("sse4.2")]] std::uint32_t take_bytes_by_instruction(std::uint32_t crc, const char* bytes,
                                                                  std::size_t count) noexcept {
  std::uint64_t wide = crc;
  for (; count >= sizeof(std::uint64_t); count -= sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes, sizeof word);
    wide = _mm_crc32_u64(wide, word);
    bytes += sizeof word;
  }
  crc = static_cast<std::uint32_t>(wide);
  for (; count > 0; --count) crc = _mm_crc32_u8(crc, static_cast<unsigned char>(*bytes++));
  return crc;
}

}  // namespace

Crc32cStep find_crc32c_instruction() noexcept {
  return __builtin_cpu_supports("sse4.2") ? take_bytes_by_instruction : nullptr;
}

}  // namespace mqtt_logger
