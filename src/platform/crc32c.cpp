#include "mqtt_logger/platform/crc32c.hpp"

#include "crc32c_instruction.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstring>

namespace mqtt_logger {
namespace {

constexpr std::uint32_t kPolynomial = 0x82F63B78;  // 0x1EDC6F41 with its bits reversed

// tables[n][b]: the CRC of byte b followed by n zero bytes, so that eight bytes take eight independent
// look-ups.
constexpr auto make_tables() noexcept {
  std::array<std::array<std::uint32_t, 256>, 8> tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
    tables[0][byte] = crc;
  }
  for (std::size_t zeros = 1; zeros < tables.size(); ++zeros) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t crc = tables[zeros - 1][byte];
      tables[zeros][byte] = (crc >> 8) ^ tables[0][crc & 0xFF];
    }
  }
  return tables;
}

constexpr auto kTables = make_tables();

std::uint32_t load_little_endian(const char* bytes) noexcept {
  std::uint32_t value = 0;
  std::memcpy(&value, bytes, sizeof value);
  if constexpr (std::endian::native == std::endian::big) {
    value = (value >> 24) | ((value >> 8) & 0xFF00) | ((value << 8) & 0xFF0000) | (value << 24);
  }
  return value;
}

std::uint32_t take_bytes(std::uint32_t crc, const char* next, std::size_t count) noexcept {
  const char* const end = next + count;
  for (; end - next >= 8; next += 8) {
    const std::uint32_t low = load_little_endian(next) ^ crc;
    const std::uint32_t high = load_little_endian(next + 4);
    crc = kTables[7][low & 0xFF] ^ kTables[6][(low >> 8) & 0xFF] ^ kTables[5][(low >> 16) & 0xFF] ^
          kTables[4][low >> 24] ^ kTables[3][high & 0xFF] ^ kTables[2][(high >> 8) & 0xFF] ^
          kTables[1][(high >> 16) & 0xFF] ^ kTables[0][high >> 24];
  }
  for (; next != end; ++next) crc = (crc >> 8) ^ kTables[0][(crc ^ static_cast<unsigned char>(*next)) & 0xFF];
  return crc;
}

Crc32cStep find_step() noexcept {
  const Crc32cStep instruction = find_crc32c_instruction();
  return instruction != nullptr ? instruction : take_bytes;
}

const Crc32cStep kStep = find_step();

}  // namespace

std::uint32_t crc32c(std::string_view bytes, std::uint32_t crc) noexcept {
  return ~kStep(~crc, bytes.data(), bytes.size());
}

std::uint32_t crc32c_by_tables(std::string_view bytes, std::uint32_t crc) noexcept {
  return ~take_bytes(~crc, bytes.data(), bytes.size());
}

}  // namespace mqtt_logger
