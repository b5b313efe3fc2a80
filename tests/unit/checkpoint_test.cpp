#include "mqtt_logger/journal/checkpoint.hpp"

#include "mqtt_logger/journal/layout.hpp"

#include "support/catch.hpp"

#include <vector>

using namespace mqtt_logger;

namespace {

Checkpoint make_checkpoint(std::uint64_t position) {
  Checkpoint checkpoint;
  checkpoint.position = position;
  checkpoint.next_sequence = position / 48 + 1;
  checkpoint.sinks[1] = {true, {7, 8}, position * 2, position / 50, 9};
  return checkpoint;
}

}  // namespace

TEST_CASE("The newest checkpoint stored is the one loaded, also by the next process") {
  std::vector<std::byte> bytes(2 * layout::kCheckpointSlotBytes);
  CHECK_FALSE(CheckpointSlots{bytes.data()}.load());
  for (std::uint64_t position = 96; position < 1000; position += 96) {
    CheckpointSlots slots{bytes.data()};
    slots.store(make_checkpoint(position));
    slots.store(make_checkpoint(position + 48));
    CHECK(slots.load() == make_checkpoint(position + 48));
    CHECK(CheckpointSlots{bytes.data()}.load() == make_checkpoint(position + 48));
  }
}

TEST_CASE("A checkpoint that was torn anywhere is not loaded: the one before it counts") {
  std::vector<std::byte> bytes(2 * layout::kCheckpointSlotBytes);
  CheckpointSlots slots{bytes.data()};
  slots.store(make_checkpoint(96));
  const std::vector<std::byte> before = bytes;
  slots.store(make_checkpoint(192));
  const std::vector<std::byte> after = bytes;
  int torn = 0;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    if (before[at] == after[at]) continue;
    bytes = after;
    bytes[at] = before[at];
    CHECK(CheckpointSlots{bytes.data()}.load() == make_checkpoint(96));
    ++torn;
  }
  CHECK(torn > 8);
}
