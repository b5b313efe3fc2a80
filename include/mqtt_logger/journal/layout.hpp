#pragma once

#include <cstddef>
#include <cstdint>

namespace mqtt_logger {

/// The journal file, version 1. Little-endian; fields are never reordered: a change is a new version.
///
///     offset      content                                                                written by
///     0           FixedHeader                                                             start
///     128         head: bytes ever appended (u64)                                         callback thread
///     136         intent: head << 16 | packet identifier of an unfinished append (u64)    callback thread
///     256         released: bytes that nobody needs any more (u64)                        see
///     release_space() 512, 1024   checkpoint, two alternating slots (journal/checkpoint.hpp) writer thread
///     1536, 2048  checkpoint that is known to be on the device, two alternating slots     sync thread
///     4096        a bit for each packet identifier: QoS 2, received, PUBREL not seen      callback thread
///     12288       a row for each packet identifier: {fingerprint (u64), number (u64)}     callback thread
///     1060864     subscriptions: length (u32), CRC-32C of the text (u32), text               main thread
///     1126400     ring of records (journal/record.hpp); its size is a power of two        callback thread
///
/// A *position* counts bytes since the journal was made and only grows; its place in the ring is position
/// modulo size. A record never wraps: where the rest of the ring is too short, a gap fills it.
namespace layout {

inline constexpr std::uint64_t kMagic = 0x314C4E524A54514D;  // "MQTJRNL1" in the file
inline constexpr std::uint32_t kVersion = 1;

inline constexpr std::size_t kHead = 128;
inline constexpr std::size_t kIntent = 136;
inline constexpr std::size_t kReleased = 256;
inline constexpr std::size_t kCheckpoint = 512;
inline constexpr std::size_t kSyncedCheckpoint = 1536;
inline constexpr std::size_t kCheckpointSlotBytes = 512;
inline constexpr std::size_t kReceivedBits = 4096;
inline constexpr std::size_t kRows = 12288;
inline constexpr std::size_t kPacketIds = 65536;
inline constexpr std::size_t kSubscriptions = kRows + kPacketIds * 16;
inline constexpr std::size_t kSubscriptionsBytes = 65536;
inline constexpr std::size_t kRing = kSubscriptions + kSubscriptionsBytes;
static_assert(kRing == 1126400);

inline constexpr std::uint64_t kMinRingBytes = 4096;
inline constexpr std::uint64_t kMaxRingBytes = std::uint64_t{1} << 30;

}  // namespace layout
}  // namespace mqtt_logger
