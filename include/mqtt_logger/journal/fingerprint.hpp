#pragma once

#include "mqtt_logger/base/message.hpp"
#include "mqtt_logger/journal/siphash.hpp"

#include <cstdint>

namespace mqtt_logger {

/// What tells messages apart: a number for all that is recorded of them but the time.
struct Fingerprint {
  std::uint64_t keyed;         ///< SipHash with a key of the journal's own
  std::uint64_t of_version_1;  ///< what a journal of version 1 has in its place (journal/layout.hpp)
};

/// `crc` is the message's content_crc().
[[nodiscard]] Fingerprint make_fingerprint(const SipHash::Key& key, const MessageView& message,
                                           std::uint32_t crc) noexcept;

}  // namespace mqtt_logger
