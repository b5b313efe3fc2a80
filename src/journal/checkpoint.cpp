#include "mqtt_logger/journal/checkpoint.hpp"

#include "mqtt_logger/journal/layout.hpp"
#include "mqtt_logger/platform/crash_point.hpp"
#include "mqtt_logger/platform/crc32c.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>

namespace mqtt_logger {
namespace {

struct Content {
  std::uint64_t position;
  std::uint64_t next_sequence;
  struct {
    std::uint64_t is_present;
    std::uint64_t volume;
    std::uint64_t file;
    std::uint64_t body_size;
    std::uint64_t next_sequence;
    std::uint64_t file_number;
  } sinks[3];
};

struct Slot {
  std::uint64_t number;
  std::uint32_t crc;
  std::uint32_t zero;
  Content content;
};
static_assert(sizeof(Slot) <= layout::kCheckpointSlotBytes);

std::uint32_t slot_crc(std::uint64_t number, const Content& content) noexcept {
  const std::uint32_t crc = crc32c({reinterpret_cast<const char*>(&number), sizeof number});
  return crc32c({reinterpret_cast<const char*>(&content), sizeof content}, crc);
}

Content to_content(const Checkpoint& checkpoint) noexcept {
  Content content{};
  content.position = checkpoint.position;
  content.next_sequence = checkpoint.next_sequence;
  for (std::size_t i = 0; i < checkpoint.sinks.size(); ++i) {
    const SinkCheckpoint& sink = checkpoint.sinks[i];
    content.sinks[i] = {sink.is_present ? 1u : 0u, sink.identity.volume, sink.identity.file, sink.body_size,
                        sink.next_sequence,        sink.file_number};
  }
  return content;
}

Checkpoint to_checkpoint(const Content& content) noexcept {
  Checkpoint checkpoint;
  checkpoint.position = content.position;
  checkpoint.next_sequence = content.next_sequence;
  for (std::size_t i = 0; i < checkpoint.sinks.size(); ++i) {
    const auto& sink = content.sinks[i];
    checkpoint.sinks[i] = {
        sink.is_present != 0, {sink.volume, sink.file}, sink.body_size, sink.next_sequence, sink.file_number};
  }
  return checkpoint;
}

std::optional<Slot> load_slot(const std::byte* bytes) noexcept {
  Slot slot{};
  std::memcpy(&slot, bytes, sizeof slot);
  if (slot.number == 0 || slot.crc != slot_crc(slot.number, slot.content)) return std::nullopt;
  return slot;
}

std::optional<Slot> load_newest(const std::byte* bytes) noexcept {
  const auto first = load_slot(bytes);
  const auto second = load_slot(bytes + layout::kCheckpointSlotBytes);
  if (first && second) return first->number > second->number ? first : second;
  return first ? first : second;
}

}  // namespace

CheckpointSlots::CheckpointSlots(std::byte* bytes) noexcept : bytes_{bytes} {
  if (const auto newest = load_newest(bytes_)) number_ = newest->number;
}

void CheckpointSlots::store(const Checkpoint& checkpoint) noexcept {
  ++number_;
  std::byte* const place = bytes_ + (number_ % 2) * layout::kCheckpointSlotBytes;
  std::atomic_ref<std::uint64_t> number{*reinterpret_cast<std::uint64_t*>(place)};
  // Only the compiler's order matters: the reader is this process's successor, which sees every store.
  // Release keeps the content from moving before the first store of the number or behind the second.
  number.store(0, std::memory_order_release);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  crash_point("checkpoint-begun");
  Slot slot{number_, 0, 0, to_content(checkpoint)};
  slot.crc = slot_crc(slot.number, slot.content);
  std::memcpy(place + sizeof slot.number, reinterpret_cast<const std::byte*>(&slot) + sizeof slot.number,
              sizeof slot - sizeof slot.number);
  crash_point("checkpoint-filled");
  number.store(number_, std::memory_order_release);
}

bool CheckpointSlots::is_damaged() const noexcept {
  if (load_newest(bytes_)) return false;
  const auto is_begun = [this](int slot) {
    const std::byte* const begin = bytes_ + static_cast<std::size_t>(slot) * layout::kCheckpointSlotBytes;
    return std::any_of(begin, begin + sizeof(Slot), [](std::byte byte) { return byte != std::byte{0}; });
  };
  const auto is_numbered = [this](int slot) {
    const std::byte* const begin = bytes_ + static_cast<std::size_t>(slot) * layout::kCheckpointSlotBytes;
    return std::any_of(begin, begin + sizeof(Slot::number),
                       [](std::byte byte) { return byte != std::byte{0}; });
  };
  return is_numbered(0) || is_numbered(1) || (is_begun(0) && is_begun(1));
}

std::optional<Checkpoint> CheckpointSlots::load() const noexcept {
  const auto newest = load_newest(bytes_);
  if (!newest) return std::nullopt;
  return to_checkpoint(newest->content);
}

}  // namespace mqtt_logger
