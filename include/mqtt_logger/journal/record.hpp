#pragma once

#include "mqtt_logger/base/message.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace mqtt_logger {

/// The bytes of one record in the journal's ring. Little-endian; fields are never reordered: a change of this
/// layout is a new journal version (journal/layout.hpp).
///
///     offset  size
///          0     4  length of the whole record with its padding, a multiple of 8; bit 31 marks a gap: its
///                   other bits are the number of bytes to skip, the next four bytes their complement, and
///                   nothing else of it counts
///          4     4  CRC-32C of topic, properties, payload and then bytes 8 to 39
///          8     8  sequence number, counting all records since the journal was made, from 1
///         16     8  receive time, microseconds since 1970-01-01T00:00:00Z
///         24     4  payload length
///         28     4  properties length
///         32     2  topic length
///         34     2  packet identifier (0 at QoS 0)
///         36     1  bits 0 and 1: QoS; bit 2: retain
///         37     3  zero
///         40        topic, properties, payload, then zeros up to a multiple of 8
///
/// Example: sequence 1, received at microsecond 2, QoS 1 with packet identifier 7, topic "a", payload "23":
///
///     30 00 00 00  xx xx xx xx  01 00 00 00 00 00 00 00  02 00 00 00 00 00 00 00
///     02 00 00 00  00 00 00 00  01 00 07 00  01 00 00 00  61 32 33 00 00 00 00 00
struct Record {
  std::uint64_t sequence = 0;
  std::uint16_t packet_id = 0;
  MessageView message;  ///< its bytes live in the ring, until the record is released
};

inline constexpr std::size_t kRecordHeaderBytes = 40;
inline constexpr std::size_t kRecordAlignment = 8;
inline constexpr std::uint32_t kGapFlag = 0x80000000;

/// What a record of this message takes in the ring.
[[nodiscard]] std::size_t record_size(const MessageView& message) noexcept;

/// CRC-32C of topic, properties and payload: the same for every delivery of a message.
[[nodiscard]] std::uint32_t content_crc(const MessageView& message) noexcept;

/// Writes record_size(record.message) bytes at `out`; `crc` is the message's content_crc().
void write_record(std::byte* out, const Record& record, std::uint32_t crc) noexcept;

/// Reads a record that is known to be whole.
[[nodiscard]] Record read_record(const std::byte* bytes) noexcept;

/// Checks lengths and checksum and reads the record; nothing if `bytes` do not begin with a whole record.
[[nodiscard]] std::optional<Record> check_record(std::span<const std::byte> bytes) noexcept;

/// Marks `length` bytes (a multiple of 8, at least 8) as a gap.
void write_gap(std::byte* out, std::size_t length) noexcept;

/// Checks the mark of a gap and reads its length; nothing if `bytes` do not begin with a whole gap.
[[nodiscard]] std::optional<std::size_t> check_gap(std::span<const std::byte> bytes) noexcept;

/// The first word of a record or gap.
[[nodiscard]] std::uint32_t read_length_word(const std::byte* bytes) noexcept;

}  // namespace mqtt_logger
