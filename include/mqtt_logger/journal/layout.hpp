#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace mqtt_logger {

/// The journal file, version 2. Little-endian; fields are never reordered: a change is a new version.
///
///     offset      content                                                                written by
///     0           FixedHeader                                                             start
///     128         head: bytes ever appended (u64)                                         callback thread
///     136         intent: head << 16 | packet identifier of an unfinished append (u64)    callback thread
///     144         deliveries that may be acknowledged (u64)                               callback thread
///     152         order of packet identifiers (journal/identifier_order.hpp)              callback thread
///     160         deliveries whose rows have fingerprints of version 1 (u64)              callback thread
///     168         1: the broker says that it has forgotten the session (u64)              callback thread
///     256         released: bytes that nobody needs any more (u64)                        release_space()
///     264         deliveries acknowledged long before the connection broke (u64)          writer thread
///     272         1 while something that a sync has failed for is not on the device (u64) any thread
///     512, 1024   checkpoint, two alternating slots (journal/checkpoint.hpp)              writer thread
///     1536, 2048  checkpoint that is known to be on the device, two alternating slots     sync thread
///     4096        a bit for each packet identifier: QoS 2, received, PUBREL not seen      callback thread
///     12288       a row for each packet identifier: {fingerprint (u64), number (u64)}     callback thread
///     1060864     subscriptions: length (u32), CRC-32C of the text (u32), text                session's thread
///     1126400     ring of records (journal/record.hpp); its size is a power of two        callback thread
///
/// Version 1 had zeros at 64 to 127 and 144 to 255, and another fingerprint: the CRC-32C of topic, properties
/// and payload without their boundaries, flags and size, so that different messages could have the same one.
/// Such a journal is made one of version 2 when it is opened: its header gets a key, the number of deliveries
/// so far goes to 160, and rows up to that number are compared by the old fingerprint until others have taken
/// their places. Version 0.1.0 refuses a journal of version 2 and leaves it as it is.
///
/// A *position* counts bytes since the journal was made and only grows; its place in the ring is position
/// modulo size. A record never wraps: where the rest of the ring is too short, a gap fills it.
namespace layout {

inline constexpr std::uint64_t kMagic = 0x314C4E524A54514D;  // "MQTJRNL1" in the file
inline constexpr std::string_view kMagicText = "MQTJRNL1";
inline constexpr std::uint32_t kVersion = 2;
inline constexpr std::uint32_t kOldestVersion = 1;

inline constexpr std::size_t kHead = 128;
inline constexpr std::size_t kIntent = 136;
inline constexpr std::size_t kReturned = 144;
inline constexpr std::size_t kIdentifierOrder = 152;
inline constexpr std::size_t kOldRows = 160;
inline constexpr std::size_t kUncertain = 168;
inline constexpr std::size_t kReleased = 256;
inline constexpr std::size_t kComplete = 264;
inline constexpr std::size_t kUnconfirmed = 272;
inline constexpr std::size_t kCheckpoint = 512;
inline constexpr std::size_t kSyncedCheckpoint = 1536;
inline constexpr std::size_t kCheckpointSlotBytes = 512;
inline constexpr std::size_t kReceivedBits = 4096;
inline constexpr std::size_t kRows = 12288;
inline constexpr std::size_t kPacketIds = 65536;
inline constexpr std::size_t kSubscriptions = kRows + kPacketIds * 16;
inline constexpr std::size_t kSubscriptionsBytes = 65536;
inline constexpr std::size_t kLongestSubscriptions = kSubscriptionsBytes - 8;  // length and checksum
inline constexpr std::size_t kRing = kSubscriptions + kSubscriptionsBytes;
static_assert(kRing == 1126400);

// The words are read and written by several threads, and by the next process: no lock stands beside them.
static_assert(std::atomic_ref<std::uint64_t>::is_always_lock_free,
              "the journal needs 64-bit atomics without a lock: compile for ARMv6K, ARMv7, i586 or newer");
static_assert(std::atomic_ref<std::uint64_t>::required_alignment <= 8);
static_assert(kHead % 8 == 0 && kIntent % 8 == 0 && kReturned % 8 == 0 && kIdentifierOrder % 8 == 0 &&
              kOldRows % 8 == 0 && kReleased % 8 == 0 && kComplete % 8 == 0 && kCheckpoint % 8 == 0 &&
              kSyncedCheckpoint % 8 == 0 && kCheckpointSlotBytes % 8 == 0 && kRows % 8 == 0 &&
              kSubscriptions % 8 == 0 && kRing % 8 == 0);

inline constexpr std::uint64_t kMinRingBytes = 4096;
inline constexpr std::uint64_t kMaxRingBytes = std::uint64_t{1} << 30;
static_assert(kRing + kMaxRingBytes <= PTRDIFF_MAX);  // can be mapped where an address has 32 bits

}  // namespace layout
}  // namespace mqtt_logger
