#pragma once

#include "mqtt_logger/platform/file.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace mqtt_logger {

/// The state of one export at a checkpoint.
struct SinkCheckpoint {
  bool is_present = false;
  FileIdentity identity;
  std::uint64_t body_size = 0;  ///< bytes of the file without its closing
  /// Records before this one are in the file, even if they come after the checkpoint's position: after a
  /// power failure one export may hold more than another.
  std::uint64_t next_sequence = 0;
  std::uint64_t file_number = 0;  ///< for a series of files; 0 without rotation

  bool operator==(const SinkCheckpoint&) const = default;
};

/// What is in the exports: all records before `position` are in every sink's file, within its `body_size`.
struct Checkpoint {
  std::uint64_t position = 0;
  std::uint64_t next_sequence = 1;      ///< of the record at `position`
  std::array<SinkCheckpoint, 3> sinks;  ///< by Format

  bool operator==(const Checkpoint&) const = default;
};

/// A checkpoint stored so that a crash at any instant leaves the old or the new one: two slots, written in
/// turn, the valid one with the higher number counts.
///
/// Slot (little-endian): number u64 (0 while it is being written), CRC-32C of what follows u32, zero u32,
/// position u64, next_sequence u64, then per sink: present u64, volume u64, file u64, body_size u64,
/// next_sequence u64, file_number u64.
///
/// Threads: one owner for store(); load() at start.
class CheckpointSlots {
 public:
  /// `bytes`: room for two slots of layout::kCheckpointSlotBytes, aligned to 8.
  explicit CheckpointSlots(std::byte* bytes) noexcept;

  void store(const Checkpoint& checkpoint) noexcept;
  [[nodiscard]] std::optional<Checkpoint> load() const noexcept;
  /// Whether there is something in the slots, and more than the first one that was interrupted: then there
  /// was a checkpoint, and it is lost.
  [[nodiscard]] bool is_damaged() const noexcept;

 private:
  std::byte* bytes_;
  std::uint64_t number_ = 0;  // of the newest valid slot
};

}  // namespace mqtt_logger
