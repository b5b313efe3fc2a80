#include "mqtt_logger/mqtt/inbox.hpp"

#include "mqtt_logger/platform/mapped_file.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <string>
#include <thread>

using namespace mqtt_logger;

// A writer that empties the journal at once, as soon as it is full: nothing is left that it could release
// later.
TEST_CASE("Inbox goes on when all of a full journal was released before it looks again") {
  Journal journal{map_memory(Journal::mapping_size(layout::kMinRingBytes)), "session"};
  Statistics statistics;
  Inbox inbox{journal, Options{}, statistics};
  constexpr std::uint64_t kMessages = 2000;

  std::thread writer{[&journal] {
    Checkpoint checkpoint;
    for (std::uint64_t written = 0; written < kMessages;) {
      journal.wait_for_sync_request(std::chrono::milliseconds{100});
      while (journal.read(checkpoint.position)) ++written;
      journal.commit(checkpoint);
      journal.release_space(checkpoint.position);
    }
  }};
  const std::string payload(1200, 'x');  // three fill the journal
  MessageView message;
  message.payload = payload;
  for (std::uint64_t i = 0; i < kMessages; ++i) inbox.receive(message, 0, false);
  writer.join();

  CHECK(statistics.account().received == kMessages);
  CHECK(statistics.account().dropped() == 0);
}
