#include "mqtt_logger/mqtt/receiver.hpp"

#include "mqtt_logger/platform/mapped_file.hpp"

#include "support/catch.hpp"

#include <chrono>
#include <string>
#include <thread>

using namespace mqtt_logger;

// A writer that empties the journal at once, as soon as it is full: nothing is left that it could release
// later.
TEST_CASE("Receiver goes on when all of a full journal was released before it looks again") {
  Journal journal{map_memory(Journal::mapping_size(layout::kMinRingBytes))};
  Statistics statistics;
  Receiver receiver{journal, Options{}, statistics};
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
  for (std::uint64_t i = 0; i < kMessages; ++i) receiver.receive(message, 0, false);
  writer.join();

  CHECK(statistics.totals().received == kMessages);
  CHECK(statistics.totals().dropped() == 0);
}

TEST_CASE("Receiver counts what is excluded and keeps it out of the journal, whatever its QoS") {
  Journal journal{map_memory(Journal::mapping_size(layout::kMinRingBytes))};
  Statistics statistics;
  Options options;
  options.excluded_topics = {"+/debug/#", "noise"};
  Receiver receiver{journal, options, statistics};
  PacketId packet_id = 0;
  for (const char* topic : {"a/debug", "a/debug/b", "noise", "a", "$SYS/debug/x"}) {
    for (const QoS qos : {QoS::at_most_once, QoS::at_least_once, QoS::exactly_once}) {
      MessageView message;
      message.topic = topic;
      message.qos = qos;
      receiver.receive(message, qos == QoS::at_most_once ? PacketId{0} : ++packet_id, false);
    }
  }
  Position position = journal.checkpoint().position;
  std::vector<std::string> recorded;
  while (const auto record = journal.read(position)) recorded.emplace_back(record->message.topic);
  CHECK(recorded == std::vector<std::string>{"a", "a", "a", "$SYS/debug/x", "$SYS/debug/x", "$SYS/debug/x"});
  CHECK(statistics.totals().received == 15);
  CHECK(statistics.totals().excluded == 9);
  CHECK(statistics.totals().pending() == 6);
  CHECK(to_string(statistics.totals()) == "received 15, written 0, pending 6, dropped 0, excluded 9");
}
