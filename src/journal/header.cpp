#include "header.hpp"

#include "mqtt_logger/journal/layout.hpp"
#include "mqtt_logger/platform/crc32c.hpp"
#include "mqtt_logger/platform/process.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstring>
#include <exception>
#include <random>

namespace mqtt_logger {
namespace {

// At offset 0 of the journal. The first five never change once the journal is made, and the first three mean
// the same in every version; the others are single stores, so that a crash leaves the old or the new value.
struct FixedHeader {
  std::uint64_t magic;  // stored last: until then the file counts as new
  std::uint32_t version;
  std::uint32_t crc;  // CRC-32C of the version and the next two
  std::uint64_t ring_offset;
  std::uint64_t ring_bytes;
  std::uint64_t session;       // CRC-32C of the session's name
  std::uint64_t boot;          // CRC-32C of the machine's boot identifier
  std::uint64_t is_open;       // 1 while in use
  std::uint64_t last_contact;  // with the broker of the session, in microseconds since 1970; 0: unknown
  SipHash::Key key;            // of the fingerprints; since version 2
};
static_assert(sizeof(FixedHeader) <= layout::kHead);

// Of a file that is too short, as much as is there.
FixedHeader load(std::span<const std::byte> bytes) noexcept {
  FixedHeader header{};
  std::memcpy(&header, bytes.data(), std::min(bytes.size(), sizeof header));
  return header;
}

void store(std::span<std::byte> bytes, std::size_t offset, std::uint64_t value) noexcept {
  std::atomic_ref<std::uint64_t>{*reinterpret_cast<std::uint64_t*>(bytes.data() + offset)}.store(
      value, std::memory_order_release);
}

std::uint64_t fetch(std::span<std::byte> bytes, std::size_t offset) noexcept {
  return std::atomic_ref<std::uint64_t>{*reinterpret_cast<std::uint64_t*>(bytes.data() + offset)}.load(
      std::memory_order_acquire);
}

std::uint32_t crc_of(const FixedHeader& header) noexcept {
  const std::array<std::uint64_t, 3> covered{header.version, header.ring_offset, header.ring_bytes};
  return crc32c({reinterpret_cast<const char*>(covered.data()), sizeof covered});
}

// The version and the checksum behind it, which are stored as one.
std::uint64_t version_word(const FixedHeader& header) noexcept {
  static_assert(offsetof(FixedHeader, version) % 8 == 0 &&
                offsetof(FixedHeader, crc) == offsetof(FixedHeader, version) + 4);
  return std::uint64_t{crc_of(header)} << 32 | header.version;
}

// Not for secrets: who cannot see it cannot make two messages that look like one.
SipHash::Key make_key() noexcept {
  SipHash::Key key{static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count()),
                   process_id()};
  try {
    std::random_device random;
    for (std::uint64_t& word : key) word = std::uint64_t{random()} << 32 | random();
  } catch (const std::exception&) {
    return key;  // a system without random numbers
  }
  return key;
}

bool is_ring_size(std::uint64_t size) noexcept {
  return std::has_single_bit(size) && size >= layout::kMinRingBytes && size <= layout::kMaxRingBytes;
}

bool are_zeros(std::span<const std::byte> bytes) noexcept {
  // Each byte is the one before it, and the first is zero.
  return bytes.empty() || (bytes.front() == std::byte{0} &&
                           std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

// Whether the file begins as a journal, as far as it goes.
bool has_magic(std::span<const std::byte> bytes) noexcept {
  return std::memcmp(bytes.data(), &layout::kMagic, std::min(bytes.size(), sizeof layout::kMagic)) == 0;
}

}  // namespace

HeaderState check_header(std::span<const std::byte> bytes) noexcept {
  const bool has_journal_size = bytes.size() > layout::kRing && is_ring_size(bytes.size() - layout::kRing);
  const FixedHeader header = load(bytes);
  if (header.magic == 0) {
    if (bytes.size() > layout::kRing + layout::kMaxRingBytes) return HeaderState::foreign;
    // Somebody's file may begin with zeros, a disk image for one.
    if (has_journal_size && are_zeros(bytes.subspan(layout::kHead))) return HeaderState::usable;
    // A file system that cannot allocate at once may have been interrupted while the journal was made.
    return are_zeros(bytes) ? HeaderState::damaged : HeaderState::foreign;
  }
  if (!has_magic(bytes)) return HeaderState::foreign;
  if (header.crc != crc_of(header)) return HeaderState::damaged;
  if (header.version > layout::kVersion) return HeaderState::newer_version;
  const bool is_sound = header.version >= layout::kOldestVersion && header.ring_offset == layout::kRing &&
                        has_journal_size && header.ring_bytes == bytes.size() - layout::kRing;
  return is_sound ? HeaderState::usable : HeaderState::damaged;
}

HeaderReport read_header(std::span<std::byte> bytes) noexcept {
  FixedHeader header = load(bytes);
  HeaderReport open_report;
  if (header.magic == 0) {
    open_report.is_new = true;
    header = {0, layout::kVersion, 0, layout::kRing, bytes.size() - layout::kRing, 0, 0, 0, 0, make_key()};
    header.crc = crc_of(header);
    std::memcpy(bytes.data(), &header, sizeof header);
    store(bytes, offsetof(FixedHeader, magic), layout::kMagic);
  }
  open_report.is_old = header.version < layout::kVersion;
  open_report.had_crash = header.is_open != 0;
  open_report.had_restart = open_report.had_crash && !is_same_boot(header.boot, boot_id());
  return open_report;
}

bool is_header_in_use(std::span<std::byte> bytes) noexcept {
  FixedHeader header{};
  header.version = layout::kVersion;
  header.ring_offset = layout::kRing;
  header.ring_bytes = bytes.size() - layout::kRing;
  return fetch(bytes, offsetof(FixedHeader, magic)) == layout::kMagic &&
         fetch(bytes, offsetof(FixedHeader, version)) == version_word(header) &&
         fetch(bytes, offsetof(FixedHeader, ring_offset)) == header.ring_offset &&
         fetch(bytes, offsetof(FixedHeader, ring_bytes)) == header.ring_bytes &&
         fetch(bytes, offsetof(FixedHeader, is_open)) == 1;
}

void begin_header(std::span<std::byte> bytes) noexcept {
  store(bytes, offsetof(FixedHeader, version), std::uint64_t{0xFFFFFFFF} << 32 | layout::kVersion);
  store(bytes, offsetof(FixedHeader, magic), layout::kMagic);
}

void finish_header(std::span<std::byte> bytes, const SipHash::Key& key) noexcept {
  FixedHeader header{};
  header.version = layout::kVersion;
  header.ring_offset = layout::kRing;
  header.ring_bytes = bytes.size() - layout::kRing;
  header.boot = crc32c(boot_id());
  header.is_open = 1;
  header.key = key;
  for (std::size_t at = offsetof(FixedHeader, ring_offset); at < sizeof header; at += sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, reinterpret_cast<const std::byte*>(&header) + at, sizeof word);
    store(bytes, at, word);
  }
  store(bytes, offsetof(FixedHeader, version), version_word(header));
}

SipHash::Key fingerprint_key(std::span<const std::byte> bytes) noexcept {
  return load(bytes).key;
}

void upgrade_header(std::span<std::byte> bytes) noexcept {
  FixedHeader header = load(bytes);
  header.key = make_key();
  std::memcpy(bytes.data() + offsetof(FixedHeader, key), &header.key, sizeof header.key);
  header.version = layout::kVersion;
  store(bytes, offsetof(FixedHeader, version), version_word(header));
}

bool is_same_boot(std::uint64_t mark, std::string_view id) noexcept {
  return !id.empty() && mark == crc32c(id);
}

bool has_session(std::span<std::byte> bytes, const std::string& session) noexcept {
  return fetch(bytes, offsetof(FixedHeader, session)) == crc32c(session);
}

void mark_session(std::span<std::byte> bytes, const std::string& session) noexcept {
  store(bytes, offsetof(FixedHeader, last_contact), 0);
  store(bytes, offsetof(FixedHeader, session), crc32c(session));
}

std::optional<ReceiveTime> last_contact(std::span<std::byte> bytes) noexcept {
  const std::uint64_t microseconds = fetch(bytes, offsetof(FixedHeader, last_contact));
  if (microseconds == 0) return std::nullopt;
  return ReceiveTime{std::chrono::microseconds{microseconds}};
}

void mark_contact(std::span<std::byte> bytes, std::optional<ReceiveTime> time) noexcept {
  store(bytes, offsetof(FixedHeader, last_contact),
        time ? static_cast<std::uint64_t>(time->time_since_epoch().count()) : 0);
}

void mark_open(std::span<std::byte> bytes) noexcept {
  store(bytes, offsetof(FixedHeader, is_open), 1);
}

void mark_recovered(std::span<std::byte> bytes) noexcept {
  store(bytes, offsetof(FixedHeader, boot), crc32c(boot_id()));
}

void mark_closed(std::span<std::byte> bytes) noexcept {
  store(bytes, offsetof(FixedHeader, is_open), 0);
}

}  // namespace mqtt_logger
