#include "mqtt_logger/journal/fingerprint.hpp"

#include "mqtt_logger/journal/record.hpp"

namespace mqtt_logger {

// With the lengths of the fields: without them, other fields could make the same bytes.
Fingerprint make_fingerprint(const SipHash::Key& key, const MessageView& message,
                             std::uint32_t crc) noexcept {
  const std::uint64_t flags = static_cast<std::uint64_t>(message.qos) << 1 | (message.is_retained ? 1 : 0);
  SipHash hash{key};
  hash.add(flags << 32 | message.topic.size());
  hash.add(std::uint64_t{message.properties.size()} << 32 | message.payload.size());
  hash.add_padded(message.topic);
  hash.add_padded(message.properties);
  hash.add_padded(message.payload);
  return {hash.finish(0),
          std::uint64_t{crc} << 32 | (flags << 29 & 0xFFFFFFFF) | (record_size(message) & 0x1FFFFFFF)};
}

}  // namespace mqtt_logger
