#pragma once

#include "mqtt_logger/base/message.hpp"
#include "mqtt_logger/journal/siphash.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace mqtt_logger {

/// What the journal's fixed header tells of the process before this one.
struct HeaderReport {
  bool is_new = false;       ///< there was none
  bool is_old = false;       ///< of version 1
  bool had_crash = false;    ///< it was not closed in order
  bool had_restart = false;  ///< not closed in order, and the machine was started again since
};

/// Whether these bytes, a whole file, can be opened as a journal: a sound header of this version or version 1
/// with the ring's size that the file's size asks for, or zeros. The reason if not: `damaged` is what was a
/// journal, or was about to become one; `foreign` is anything else.
enum class HeaderState : std::uint8_t { usable, foreign, newer_version, damaged };
[[nodiscard]] HeaderState check_header(std::span<const std::byte> bytes) noexcept;

/// Reads the header, or writes it where there are zeros. `bytes` must be usable.
[[nodiscard]] HeaderReport read_header(std::span<std::byte> bytes) noexcept;

/// Whether the header is that of a journal of this version that is in use. Others may store to it meanwhile.
[[nodiscard]] bool is_header_in_use(std::span<std::byte> bytes) noexcept;
/// Begins to write the header of a journal in use again, because somebody has destroyed it: until
/// finish_header() it counts as damaged. The session and its last contact are unknown then.
void begin_header(std::span<std::byte> bytes) noexcept;
void finish_header(std::span<std::byte> bytes, const SipHash::Key& key) noexcept;

/// The key of the fingerprints, which is made with the journal.
[[nodiscard]] SipHash::Key fingerprint_key(std::span<const std::byte> bytes) noexcept;
/// Makes a header of version 1 one of this version, in one step. What else that means was done before.
void upgrade_header(std::span<std::byte> bytes) noexcept;

/// Whether the packet identifiers in the journal belong to `session`.
[[nodiscard]] bool has_session(std::span<std::byte> bytes, const std::string& session) noexcept;
/// From now on they do; there was no contact with the broker of that session yet.
void mark_session(std::span<std::byte> bytes, const std::string& session) noexcept;

/// When the broker of the session was heard last, as far as that is known.
[[nodiscard]] std::optional<ReceiveTime> last_contact(std::span<std::byte> bytes) noexcept;
void mark_contact(std::span<std::byte> bytes, std::optional<ReceiveTime> time) noexcept;

/// Whether the mark in the header is of the start of the machine that has this identifier. Not if it has
/// none: of a system that does not say which start this is, it may have been started again.
[[nodiscard]] bool is_same_boot(std::uint64_t mark, std::string_view id) noexcept;

/// Marks the journal as in use.
void mark_open(std::span<std::byte> bytes) noexcept;

/// Marks what is in the journal and in the exports as whole since this start of the machine: a crash from now
/// on is one of the process alone.
void mark_recovered(std::span<std::byte> bytes) noexcept;

/// Marks the journal as closed in order.
void mark_closed(std::span<std::byte> bytes) noexcept;

}  // namespace mqtt_logger
