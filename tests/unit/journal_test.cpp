#include "mqtt_logger/journal/journal.hpp"

#include "mqtt_logger/platform/crc32c.hpp"

#include "support/catch.hpp"
#include "support/test_journal.hpp"

#include <string>
#include <thread>
#include <vector>

using namespace mqtt_logger;
using namespace mqtt_logger::test;

namespace {

using Payloads = std::vector<std::string>;

AppendResult append(Journal& journal, std::string_view payload) {
  return journal.append(make_message("a/b", payload), 0, false);
}

AppendResult append(Journal& journal, std::string_view payload, QoS qos, PacketId id, bool is_duplicate) {
  return journal.append(make_message("a/b", payload, qos), id, is_duplicate);
}

}  // namespace

TEST_CASE("CRC-32C gives the check values of RFC 3720") {
  CHECK(crc32c("123456789") == 0xE3069283);
  CHECK(crc32c(std::string(32, '\0')) == 0x8A9136AA);
  CHECK(crc32c(std::string(32, '\xFF')) == 0x62A8AB43);
  CHECK(crc32c("456789", crc32c("123")) == 0xE3069283);
}

TEST_CASE("CRC-32C is the same with the processor's instruction and without") {
  std::string bytes;
  for (int i = 0; i < 70; ++i) {
    CHECK(crc32c(bytes) == crc32c_by_tables(bytes));
    CHECK(crc32c(bytes, 0x12345678) == crc32c_by_tables(bytes, 0x12345678));
    bytes += static_cast<char>(i * 37 + 200);
  }
  CHECK(crc32c_by_tables("123456789") == 0xE3069283);
}

TEST_CASE("A record has the documented bytes") {
  const Record record{1, 7, [] {
                        MessageView message = make_message("a", "23", QoS::at_least_once);
                        message.receive_time = ReceiveTime{std::chrono::microseconds{2}};
                        return message;
                      }()};
  std::vector<std::byte> bytes(record_size(record.message));
  write_record(bytes.data(), record, content_crc(record.message));
  const std::vector<unsigned char> expected{
      0x30, 0,   0,   0, 0, 0, 0, 0,  // length, checksum
      1,    0,   0,   0, 0, 0, 0, 0,  // sequence
      2,    0,   0,   0, 0, 0, 0, 0,  // receive time
      2,    0,   0,   0, 0, 0, 0, 0,  // lengths of payload and properties
      1,    0,   7,   0, 1, 0, 0, 0,  // length of the topic, identifier, flags
      'a',  '2', '3', 0, 0, 0, 0, 0};
  REQUIRE(bytes.size() == expected.size());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    INFO("byte " << i);
    if (i < 4 || i >= 8) CHECK(std::to_integer<int>(bytes[i]) == expected[i]);
  }
  const auto read = check_record(bytes);
  REQUIRE(read);
  CHECK(read->packet_id == 7);
  CHECK(read->message.topic == "a");
  CHECK(read->message.payload == "23");
  CHECK(read->message.qos == QoS::at_least_once);
}

TEST_CASE("A message comes out of the journal as it went in") {
  JournalMemory memory{4096};
  const auto journal = memory.open();
  MessageView message = make_message("a/b", std::string_view{"x\0y", 3}, QoS::exactly_once);
  message.properties = "properties";
  message.is_retained = true;
  REQUIRE(journal->append(message, 9, false) == AppendResult::appended);

  Position position = 0;
  const auto record = journal->read(position);
  REQUIRE(record);
  CHECK(record->sequence == 1);
  CHECK(record->packet_id == 9);
  CHECK(record->message.receive_time == message.receive_time);
  CHECK(record->message.topic == message.topic);
  CHECK(record->message.payload == message.payload);
  CHECK(record->message.properties == message.properties);
  CHECK(record->message.qos == QoS::exactly_once);
  CHECK(record->message.is_retained);
  CHECK_FALSE(journal->read(position));
}

TEST_CASE("The journal keeps unreleased records after it is opened again, and no others") {
  JournalMemory memory{4096};
  {
    const auto journal = memory.open();
    for (const char* payload : {"one", "two", "three"})
      REQUIRE(append(*journal, payload) == AppendResult::appended);
    Position position = 0;
    REQUIRE(journal->read(position));
    commit_up_to(*journal, position, 2);
  }
  const auto journal = memory.open();
  CHECK(journal->open_report().records == 2);
  CHECK(journal->open_report().had_crash);
  CHECK(pending_payloads(*journal) == Payloads{"two", "three"});
  REQUIRE(append(*journal, "four") == AppendResult::appended);
  CHECK(pending_payloads(*journal) == Payloads{"two", "three", "four"});
}

TEST_CASE("A journal that was closed in order shows no crash") {
  JournalMemory memory{4096};
  memory.open()->close();
  const auto journal = memory.open();
  CHECK_FALSE(journal->open_report().is_new);
  CHECK_FALSE(journal->open_report().had_crash);
}

TEST_CASE("A full journal takes nothing until space is released, and loses nothing") {
  JournalMemory memory{4096};
  const auto journal = memory.open();
  std::size_t appended = 0;
  while (append(*journal, std::to_string(appended)) == AppendResult::appended) ++appended;
  CHECK(appended == 4096 / 48);
  CHECK(append(*journal, "more") == AppendResult::full);
  Position position = 0;
  REQUIRE(journal->read(position));
  CHECK(append(*journal, "more") == AppendResult::full);  // read is not released
  commit_up_to(*journal, position, 2);
  CHECK(append(*journal, "more") == AppendResult::appended);
  Payloads expected;
  for (std::size_t i = 1; i < appended; ++i) expected.push_back(std::to_string(i));
  expected.emplace_back("more");
  CHECK(pending_payloads(*journal) == expected);
}

TEST_CASE("A message as large as half of the ring is taken, a larger one never") {
  JournalMemory memory{4096};
  const auto journal = memory.open();
  const std::string largest(2048 - kRecordHeaderBytes - 3, 'x');
  CHECK(append(*journal, largest + "x") == AppendResult::too_large);
  for (int round = 0; round < 10; ++round) {
    REQUIRE(append(*journal, largest) == AppendResult::appended);
    Position position = journal->checkpoint().position;
    const auto record = journal->read(position);
    REQUIRE(record);
    CHECK(record->message.payload == largest);
    commit_up_to(*journal, position, record->sequence + 1);
  }
}

TEST_CASE("A QoS 1 redelivery is recognised by DUP, identifier and content together") {
  JournalMemory memory{4096};
  {
    const auto journal = memory.open();
    journal->set_redelivery_window(1000);
    REQUIRE(append(*journal, "one", QoS::at_least_once, 5, false) == AppendResult::appended);
  }
  const auto journal = memory.open();  // the process was killed before its PUBACK was read
  journal->set_redelivery_window(1000);
  CHECK(append(*journal, "one", QoS::at_least_once, 5, true) == AppendResult::redelivered);
  CHECK(append(*journal, "one", QoS::at_least_once, 5, true) == AppendResult::redelivered);
  CHECK(append(*journal, "one", QoS::at_least_once, 6, true) ==
        AppendResult::appended);  // another identifier
  CHECK(append(*journal, "two", QoS::at_least_once, 5, true) == AppendResult::appended);   // another content
  CHECK(append(*journal, "two", QoS::at_least_once, 5, false) == AppendResult::appended);  // not marked
  journal->begin_session(kSession, false);
  CHECK(append(*journal, "two", QoS::at_least_once, 5, true) == AppendResult::appended);
}

TEST_CASE("A QoS 1 redelivery is recognised within the window only") {
  JournalMemory memory{65536};
  const auto journal = memory.open();
  journal->set_redelivery_window(3);
  for (PacketId id = 1; id <= 4; ++id)
    REQUIRE(append(*journal, "x", QoS::at_least_once, id, false) == AppendResult::appended);
  CHECK(append(*journal, "x", QoS::at_least_once, 1, true) == AppendResult::appended);  // four deliveries ago
  CHECK(append(*journal, "x", QoS::at_least_once, 3, true) == AppendResult::redelivered);  // three
  journal->set_redelivery_window(0);
  CHECK(append(*journal, "x", QoS::at_least_once, 3, true) == AppendResult::appended);
}

TEST_CASE("A QoS 2 message is taken once until its identifier is released") {
  JournalMemory memory{4096};
  {
    const auto journal = memory.open();
    REQUIRE(append(*journal, "one", QoS::exactly_once, 5, false) == AppendResult::appended);
    REQUIRE(append(*journal, "two", QoS::exactly_once, 65535, false) == AppendResult::appended);
  }
  const auto journal = memory.open();
  CHECK(journal->unreleased() == std::vector<PacketId>{5, 65535});
  CHECK(append(*journal, "one", QoS::exactly_once, 5, false) == AppendResult::redelivered);
  CHECK(append(*journal, "new", QoS::exactly_once, 5, false) ==
        AppendResult::appended);  // a broker without PUBREL
  journal->release(5);
  journal->release(5);
  CHECK(journal->unreleased() == std::vector<PacketId>{65535});
  CHECK(append(*journal, "new", QoS::exactly_once, 5, false) == AppendResult::appended);
}

TEST_CASE("A QoS 2 message that comes again after its release is known if identifiers come in turn") {
  JournalMemory memory{1 << 20};
  const auto journal = memory.open();
  journal->set_redelivery_window(10'000);
  const auto deliver = [&](PacketId id, std::string_view payload) {
    REQUIRE(append(*journal, payload, QoS::exactly_once, id, false) == AppendResult::appended);
    journal->end_delivery();
    journal->release(id);
  };
  for (PacketId id = 1; id <= 4095; ++id) deliver(id, "x");
  for (int contact = 1; contact <= 2; ++contact) {  // a quiet connection: all of it is acknowledged
    journal->note_contact(ReceiveTime{std::chrono::microseconds{contact}});
    journal->write_contact();
  }
  CHECK(append(*journal, "x", QoS::exactly_once, 4000, true) ==
        AppendResult::appended);  // not enough to tell
  journal->release(4000);
  deliver(4096, "x");
  CHECK(append(*journal, "x", QoS::exactly_once, 4000, true) == AppendResult::redelivered);
  CHECK(append(*journal, "y", QoS::exactly_once, 4000, true) == AppendResult::appended);
  CHECK(append(*journal, "x", QoS::exactly_once, 3999, false) == AppendResult::appended);
  journal->set_redelivery_window(0);
  CHECK(append(*journal, "x", QoS::exactly_once, 3998, true) == AppendResult::appended);
}

TEST_CASE("A QoS 2 message after a release is new where identifiers are used again soon") {
  JournalMemory memory{1 << 20};
  const auto journal = memory.open();
  journal->set_redelivery_window(10'000);
  for (int number = 0; number < 8000; ++number) {
    const auto id = static_cast<PacketId>(number % 1000 + 1);  // the smallest that is free, many in flight
    REQUIRE(append(*journal, std::to_string(number / 1000), QoS::exactly_once, id, false) ==
            AppendResult::appended);
    journal->end_delivery();
    journal->release(id);
  }
  CHECK(append(*journal, "7", QoS::exactly_once, 1, true) == AppendResult::appended);
}

TEST_CASE("Identifiers of another session are forgotten when that begins, and not before") {
  JournalMemory memory{4096};
  {
    const auto journal = memory.open();
    journal->begin_session(kSession, true);
    journal->note_contact(ReceiveTime{std::chrono::microseconds{17}});
    CHECK(journal->last_contact() == ReceiveTime{std::chrono::microseconds{17}});
    CHECK_FALSE(memory.open()->last_contact());  // who notes it writes nothing
    journal->write_contact();
    REQUIRE(append(*journal, "one", QoS::exactly_once, 5, false) == AppendResult::appended);
  }
  const auto journal = memory.open();
  CHECK(journal->has_session(kSession));
  CHECK_FALSE(journal->has_session("client at other:1883"));
  journal->begin_session(kSession, true);
  CHECK(journal->unreleased() == std::vector<PacketId>{5});
  CHECK(journal->last_contact() == ReceiveTime{std::chrono::microseconds{17}});

  journal->begin_session("client at other:1883", true);
  CHECK(journal->unreleased().empty());
  CHECK_FALSE(journal->last_contact());
  CHECK_FALSE(journal->has_session(kSession));
  CHECK(memory.open()->has_session("client at other:1883"));
  CHECK(pending_payloads(*memory.open()) == Payloads{"one"});
}

TEST_CASE("Subscriptions are kept, and a text too long counts as unknown") {
  JournalMemory memory{4096};
  CHECK(memory.open()->subscriptions().empty());
  memory.open()->set_subscriptions("1 sensors/#\n");
  CHECK(memory.open()->subscriptions() == "1 sensors/#\n");
  memory.open()->set_subscriptions(std::string(70000, 'x'));
  CHECK(memory.open()->subscriptions().empty());
}

TEST_CASE(
    "One thread appends while another reads and commits, and every message comes out once and in order") {
  const auto ring_bytes = GENERATE(4096u, 16384u, 1u << 20);
  JournalMemory memory{ring_bytes};
  const auto journal = memory.open();
  constexpr int kMessages = 50'000;
  std::thread reader{[&journal] {
    Position position = 0;
    int expected = 0;
    while (expected < kMessages) {
      std::uint64_t next_sequence = 0;
      while (const auto record = journal->read(position)) {
        if (record->message.payload != std::to_string(expected)) return;  // the check below fails
        ++expected;
        next_sequence = record->sequence + 1;
        if (expected % 7 == 0) break;
      }
      if (next_sequence == 0) {
        journal->wait_for_records(position, std::chrono::milliseconds{100});
      } else {
        commit_up_to(*journal, position, next_sequence);
      }
    }
  }};
  for (int i = 0; i < kMessages; ++i) {
    while (append(*journal, std::to_string(i)) == AppendResult::full) std::this_thread::yield();
  }
  reader.join();
  CHECK(journal->checkpoint().next_sequence == kMessages + 1);
  CHECK(journal->pending_bytes() == 0);
}
