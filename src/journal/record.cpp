#include "mqtt_logger/journal/record.hpp"

#include "mqtt_logger/platform/crc32c.hpp"

#include <bit>
#include <cstring>
#include <string_view>

namespace mqtt_logger {
namespace {

static_assert(std::endian::native == std::endian::little,
              "the journal is little-endian; swap bytes here for others");

struct Header {
  std::uint32_t length;
  std::uint32_t crc;
  std::uint64_t sequence;
  std::int64_t receive_time_us;
  std::uint32_t payload_length;
  std::uint32_t properties_length;
  std::uint16_t topic_length;
  std::uint16_t packet_id;
  std::uint8_t flags;
  std::uint8_t zero[3];
};
static_assert(sizeof(Header) == kRecordHeaderBytes);

constexpr std::uint8_t kQoSMask = 3;
constexpr std::uint8_t kRetainFlag = 4;

std::size_t padded(std::size_t size) noexcept {
  return (size + kRecordAlignment - 1) / kRecordAlignment * kRecordAlignment;
}

Header read_header(const std::byte* bytes) noexcept {
  Header header{};
  std::memcpy(&header, bytes, sizeof header);
  return header;
}

// The header's part that the checksum covers: all behind the checksum.
std::uint32_t add_header_crc(const Header& header, std::uint32_t crc) noexcept {
  constexpr std::size_t kFilled = offsetof(Header, sequence);
  const auto* const bytes = reinterpret_cast<const char*>(&header);
  return crc32c({bytes + kFilled, sizeof header - kFilled}, crc);
}

std::byte* append_bytes(std::byte* out, std::string_view bytes) noexcept {
  if (!bytes.empty()) std::memcpy(out, bytes.data(), bytes.size());
  return out + bytes.size();
}

Record make_record(const Header& header, const std::byte* bytes) noexcept {
  const auto* const content = reinterpret_cast<const char*>(bytes) + sizeof header;
  Record record;
  record.sequence = header.sequence;
  record.packet_id = header.packet_id;
  record.message.receive_time = ReceiveTime{std::chrono::microseconds{header.receive_time_us}};
  record.message.topic = {content, header.topic_length};
  record.message.properties = {content + header.topic_length, header.properties_length};
  record.message.payload = {content + header.topic_length + header.properties_length, header.payload_length};
  record.message.qos = static_cast<QoS>(header.flags & kQoSMask);
  record.message.is_retained = (header.flags & kRetainFlag) != 0;
  return record;
}

}  // namespace

std::size_t record_size(const MessageView& message) noexcept {
  return padded(sizeof(Header) + message.topic.size() + message.properties.size() + message.payload.size());
}

std::uint32_t content_crc(const MessageView& message) noexcept {
  return crc32c(message.payload, crc32c(message.properties, crc32c(message.topic)));
}

void write_record(std::byte* out, const Record& record, std::uint32_t crc) noexcept {
  const MessageView& message = record.message;
  const std::size_t size = record_size(message);
  Header header{};
  header.length = static_cast<std::uint32_t>(size);
  header.sequence = record.sequence;
  header.receive_time_us = message.receive_time.time_since_epoch().count();
  header.payload_length = static_cast<std::uint32_t>(message.payload.size());
  header.properties_length = static_cast<std::uint32_t>(message.properties.size());
  header.topic_length = static_cast<std::uint16_t>(message.topic.size());
  header.packet_id = record.packet_id;
  header.flags = static_cast<std::uint8_t>(static_cast<unsigned>(message.qos) |
                                           (message.is_retained ? kRetainFlag : 0u));
  header.crc = add_header_crc(header, crc);

  std::memcpy(out, &header, sizeof header);
  std::byte* end = append_bytes(out + sizeof header, message.topic);
  end = append_bytes(end, message.properties);
  end = append_bytes(end, message.payload);
  std::memset(end, 0, static_cast<std::size_t>(out + size - end));
}

Record read_record(const std::byte* bytes) noexcept {
  return make_record(read_header(bytes), bytes);
}

std::optional<Record> check_record(std::span<const std::byte> bytes) noexcept {
  if (bytes.size() < sizeof(Header)) return std::nullopt;
  const Header header = read_header(bytes.data());
  const std::uint64_t content =
      std::uint64_t{header.topic_length} + header.properties_length + header.payload_length;
  const bool is_plausible = header.length <= bytes.size() && content <= bytes.size() - sizeof(Header) &&
                            header.length == padded(sizeof(Header) + static_cast<std::size_t>(content)) &&
                            (header.flags & kQoSMask) <= 2;
  if (!is_plausible) return std::nullopt;
  const Record record = make_record(header, bytes.data());
  if (header.crc != add_header_crc(header, content_crc(record.message))) return std::nullopt;
  return record;
}

void write_gap(std::byte* out, std::size_t length) noexcept {
  const std::uint32_t word = static_cast<std::uint32_t>(length) | kGapFlag;
  const std::uint32_t complement = ~word;
  std::memcpy(out, &word, sizeof word);
  std::memcpy(out + sizeof word, &complement, sizeof complement);
}

std::optional<std::size_t> check_gap(std::span<const std::byte> bytes) noexcept {
  const std::uint32_t word = read_length_word(bytes.data());
  const std::uint32_t complement = read_length_word(bytes.data() + sizeof word);
  const std::size_t length = word & ~kGapFlag;
  const bool is_gap = (word & kGapFlag) != 0 && complement == ~word && length != 0 &&
                      length % kRecordAlignment == 0 && length <= bytes.size();
  return is_gap ? std::optional{length} : std::nullopt;
}

std::uint32_t read_length_word(const std::byte* bytes) noexcept {
  std::uint32_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

}  // namespace mqtt_logger
