#include "publish_packet.hpp"

#include <cstddef>
#include <cstdint>

namespace mqtt_logger {
namespace {

constexpr unsigned kPublish = 3u << 4;
constexpr unsigned kDuplicateFlag = 8;
constexpr unsigned kRetainFlag = 1;

/// Takes fields off the front of a packet; after a field that is not there, is_whole() is false.
class PacketReader {
 public:
  explicit PacketReader(std::string_view bytes) noexcept : bytes_{bytes} {}

  [[nodiscard]] bool is_whole() const noexcept { return is_whole_; }
  [[nodiscard]] std::string_view rest() const noexcept { return bytes_; }

  std::string_view take(std::size_t length) noexcept {
    if (length > bytes_.size()) {
      is_whole_ = false;
      bytes_ = {};
      return {};
    }
    const std::string_view taken = bytes_.substr(0, length);
    bytes_.remove_prefix(length);
    return taken;
  }

  std::uint16_t take_uint16() noexcept {
    const std::string_view two = take(2);
    if (two.empty()) return 0;
    return static_cast<std::uint16_t>(static_cast<unsigned char>(two[0]) << 8 |
                                      static_cast<unsigned char>(two[1]));
  }

  // Variable Byte Integer (MQTT 5, section 1.5.5).
  std::uint32_t take_variable() noexcept {
    std::uint32_t value = 0;
    for (unsigned shift = 0; shift <= 21; shift += 7) {
      const std::string_view one = take(1);
      if (one.empty()) return 0;
      const auto byte = static_cast<unsigned char>(one[0]);
      value |= (byte & 0x7Fu) << shift;
      if ((byte & 0x80u) == 0) return value;
    }
    is_whole_ = false;
    return 0;
  }

 private:
  std::string_view bytes_;
  bool is_whole_ = true;
};

}  // namespace

std::optional<PublishPacket> read_publish_packet(unsigned char first_byte, std::string_view rest,
                                                 MqttVersion version) noexcept {
  const unsigned qos = first_byte >> 1 & 3u;
  if ((first_byte & 0xF0u) != kPublish || qos > 2) return std::nullopt;
  PacketReader reader{rest};
  PublishPacket packet;
  packet.message.topic = reader.take(reader.take_uint16());
  if (qos != 0) packet.packet_id = reader.take_uint16();
  if (version == MqttVersion::v5) packet.message.properties = reader.take(reader.take_variable());
  packet.message.payload = reader.rest();
  packet.message.qos = static_cast<QoS>(qos);
  packet.message.is_retained = (first_byte & kRetainFlag) != 0;
  packet.is_duplicate = (first_byte & kDuplicateFlag) != 0;
  const bool has_id = qos == 0 || packet.packet_id != 0;
  if (!reader.is_whole() || !has_id) return std::nullopt;
  return packet;
}

std::string make_placeholder_packet(PacketId packet_id, MqttVersion version) {
  std::string rest{"\0\1x", 3};  // the topic
  rest += static_cast<char>(packet_id >> 8);
  rest += static_cast<char>(packet_id & 0xFF);
  if (version == MqttVersion::v5) rest += '\0';  // no properties
  std::string packet;
  packet += static_cast<char>(kPublish | 2u << 1);
  packet += static_cast<char>(rest.size());
  return packet + rest;
}

}  // namespace mqtt_logger
