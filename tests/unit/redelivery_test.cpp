#include "mqtt_logger/journal/journal.hpp"
#include "mqtt_logger/platform/crc32c.hpp"

#include "support/catch.hpp"
#include "support/test_journal.hpp"

#include <cstring>
#include <string>
#include <string_view>
#include <vector>

using namespace mqtt_logger;
using namespace mqtt_logger::test;

namespace {

constexpr std::uint32_t kWindow = 1000;

/// A logger: one process after the other on one journal, and one connection after the other of one session.
class Run {
 public:
  explicit Run(JournalMemory& memory, bool has_session = false) : memory_{memory} { begin(!has_session); }

  void reconnect() { journal_->begin_session(kSession, true); }
  void be_killed(bool is_kept = true) { begin(!is_kept); }
  void stop_and_start() {
    journal_->commit({});  // so that it ends in order
    static_cast<void>(journal_->store_synced(journal_->checkpoint()));
    journal_->close();
    begin(false);
  }
  /// The broker is heard; the writer notes that, so much later each time that all before is acknowledged.
  void be_quiet() {
    be_heard();
    be_heard();
  }
  /// Once on this connection, which proves nothing yet.
  void be_heard() {
    journal_->note_contact(ReceiveTime{std::chrono::microseconds{++contacts_}});
    journal_->write_contact();
  }

  /// What becomes of it, and then it is acknowledged.
  AppendResult receive(PacketId id, std::string_view payload, bool is_duplicate = false) {
    const AppendResult admission = receive_and_die(id, payload, is_duplicate);
    journal_->end_delivery();
    return admission;
  }
  /// At QoS 2: PUBREL has come, too.
  AppendResult receive_and_release(PacketId id, std::string_view payload, bool is_duplicate = false) {
    const AppendResult admission =
        journal_->append(make_message("a", payload, QoS::exactly_once), id, is_duplicate);
    journal_->end_delivery();
    journal_->release(id);
    return admission;
  }
  AppendResult receive_and_die(PacketId id, std::string_view payload, bool is_duplicate = false) {
    return journal_->append(make_message("a", payload, QoS::at_least_once), id, is_duplicate);
  }

  [[nodiscard]] Journal& journal() { return *journal_; }

 private:
  void begin(bool is_new) {
    journal_.reset();
    journal_ = memory_.open();
    journal_->set_redelivery_window(kWindow);
    journal_->begin_session(kSession, !is_new);
  }

  JournalMemory& memory_;
  std::unique_ptr<Journal> journal_;
  std::int64_t contacts_ = 0;
};

constexpr bool kDup = true;

}  // namespace

TEST_CASE("Messages whose fields make the same bytes are not the same") {
  JournalMemory memory{65536};
  const auto journal = memory.open();
  journal->set_redelivery_window(kWindow);
  const QoS qos = GENERATE(QoS::at_least_once, QoS::exactly_once);
  const auto append = [&](std::string_view topic, std::string_view properties, std::string_view payload) {
    MessageView message = make_message(topic, payload, qos);
    message.properties = properties;
    return journal->append(message, 5, true);
  };
  REQUIRE(append("sensors/1", "", "23") == AppendResult::appended);
  CHECK(append("sensors/1", "", "23") == AppendResult::redelivered);
  CHECK(append("sensors/12", "", "3") == AppendResult::appended);
  CHECK(append("sensors/1", "2", "3") == AppendResult::appended);
  CHECK(append("sensors/1", "23", "") == AppendResult::appended);
  CHECK(append("sensors/1", "", std::string_view{"23\0", 3}) == AppendResult::appended);
}

TEST_CASE("A broker that takes the lowest free identifier: an equal message is a new one") {
  JournalMemory memory{65536};
  Run run{memory};
  for (int i = 0; i < 3; ++i) CHECK(run.receive(1, "OFF") == AppendResult::appended);
  SECTION("after a broken connection") {
    run.reconnect();
  }
  SECTION("after a kill") {
    run.be_killed();
  }
  SECTION("after a stop") {
    run.stop_and_start();
  }
  CHECK(run.receive(1, "OFF", kDup) == AppendResult::appended);  // the copy before it was lost
}

TEST_CASE("What was never acknowledged comes again, whatever the broker") {
  JournalMemory memory{65536};
  Run run{memory};
  CHECK(run.receive(1, "OFF") == AppendResult::appended);
  CHECK(run.receive(1, "OFF") == AppendResult::appended);
  CHECK(run.receive_and_die(1, "OFF") == AppendResult::appended);
  run.be_killed();
  CHECK(run.receive(1, "OFF", kDup) == AppendResult::redelivered);
}

TEST_CASE(
    "The only message of a session is believed to come again after a kill, and not after a broken "
    "connection") {
  JournalMemory memory{65536};
  Run run{memory};
  CHECK(run.receive(1, "OFF") == AppendResult::appended);
  SECTION("a broken connection") {
    run.reconnect();
    CHECK(run.receive(1, "OFF", kDup) == AppendResult::appended);
  }
  SECTION("a kill") {
    run.be_killed();
    CHECK(run.receive(1, "OFF", kDup) == AppendResult::redelivered);
  }
  SECTION("a kill after a long silence") {
    run.be_quiet();
    run.be_killed();
    CHECK(run.receive(1, "OFF", kDup) == AppendResult::appended);
  }
}

TEST_CASE("In a young session, messages in order are believed to come again if the connection broke soon") {
  JournalMemory memory{65536};
  Run run{memory};
  CHECK(run.receive(1, "on") == AppendResult::appended);
  CHECK(run.receive(2, "on") == AppendResult::appended);
  SECTION("soon") {
    run.reconnect();
    CHECK(run.receive(1, "on", kDup) == AppendResult::redelivered);
    CHECK(run.receive(2, "on", kDup) == AppendResult::redelivered);
    CHECK(run.receive(3, "on", kDup) == AppendResult::appended);
    CHECK(run.receive(4, "on") == AppendResult::appended);
    run.be_killed();
    CHECK(run.receive(3, "on", kDup) == AppendResult::redelivered);
  }
  SECTION("soon, again and again, however long that takes") {
    for (int connection = 0; connection < 3; ++connection) {
      run.be_heard();
      run.reconnect();
    }
    CHECK(run.receive(1, "on", kDup) == AppendResult::redelivered);
  }
  SECTION("after a long silence") {
    run.be_quiet();
    run.reconnect();
    CHECK(run.receive(1, "on", kDup) == AppendResult::appended);
  }
}

TEST_CASE("In a young session, QoS 2 messages that were released are believed to come again as well") {
  JournalMemory memory{65536};
  Run run{memory};
  for (PacketId id = 1; id <= 2; ++id) CHECK(run.receive_and_release(id, "on") == AppendResult::appended);
  SECTION("soon") {
    run.reconnect();
    CHECK(run.receive_and_release(1, "on", kDup) == AppendResult::redelivered);
    CHECK(run.receive_and_release(2, "off", kDup) == AppendResult::appended);
    CHECK(run.receive_and_release(3, "on") == AppendResult::appended);
  }
  SECTION("after a long silence") {
    run.be_quiet();
    run.reconnect();
    CHECK(run.receive_and_release(1, "on", kDup) == AppendResult::appended);
  }
  SECTION("not where identifiers are used again soon") {
    CHECK(run.receive_and_release(1, "on") == AppendResult::appended);
    run.reconnect();
    CHECK(run.receive_and_release(1, "on", kDup) == AppendResult::appended);
  }
}

TEST_CASE("An old session of a broker that counts is believed whatever the time, until it is over") {
  JournalMemory memory{std::uint64_t{1} << 20};
  Run run{memory};
  for (PacketId id = 1; id <= 4096; ++id) REQUIRE(run.receive(id, "on") == AppendResult::appended);
  run.be_quiet();
  run.stop_and_start();
  CHECK(run.receive(4096, "on", kDup) == AppendResult::redelivered);
  run.journal().begin_session(kSession, false);
  CHECK(run.receive(1, "on") == AppendResult::appended);
  CHECK(run.receive(4096, "on", kDup) == AppendResult::appended);
}

TEST_CASE(
    "A broker that calls the session new and goes on with its redeliveries is believed until it does not") {
  JournalMemory memory{std::uint64_t{1} << 20};
  Run run{memory};
  for (PacketId id = 1; id <= 4096; ++id) REQUIRE(run.receive(id, "on") == AppendResult::appended);
  run.journal().begin_session(kSession, false);
  if (GENERATE(false, true)) run.be_killed(false);

  SECTION("with the mark, what was there comes again") {
    CHECK(run.receive(4095, "on", kDup) == AppendResult::redelivered);
    CHECK(run.receive(4096, "on", kDup) == AppendResult::redelivered);
  }
  SECTION("the first without it ends the session before") {
    CHECK(run.receive(1, "on") == AppendResult::appended);
    CHECK(run.receive(4096, "on", kDup) == AppendResult::appended);
  }
  SECTION("also one that is not recorded") {
    run.journal().pass_over(1, false);
    CHECK(run.receive(4096, "on", kDup) == AppendResult::appended);
  }
  SECTION("and so does the next connection that keeps what is the new one then") {
    run.reconnect();
    CHECK(run.receive(4096, "on", kDup) == AppendResult::appended);
  }
}

TEST_CASE("Messages that are not recorded are evidence as well") {
  JournalMemory memory{65536};
  Run run{memory};
  CHECK(run.receive(1, "on") == AppendResult::appended);
  CHECK(run.receive(2, "on") == AppendResult::appended);
  run.journal().pass_over(1, false);
  run.reconnect();
  CHECK(run.receive(2, "on", kDup) == AppendResult::appended);
}

namespace {

/// Makes a journal one of version 1, as that version would have left it: rows have its fingerprints, and what
/// it did not know is zero.
void make_version_1(std::vector<std::byte>& bytes,
                    const std::vector<std::pair<PacketId, MessageView>>& messages) {
  const auto put = [&bytes](std::size_t offset, auto value) {
    std::memcpy(bytes.data() + offset, &value, sizeof value);
  };
  std::uint64_t number = 0;
  for (const auto& [id, message] : messages) {
    const std::uint64_t flags = static_cast<std::uint64_t>(message.qos) << 1;
    const std::uint64_t low = (flags << 29 & 0xFFFFFFFF) | record_size(message);
    put(layout::kRows + id * 16u, std::uint64_t{content_crc(message)} << 32 | low);
    put(layout::kRows + id * 16u + 8, ++number);
  }
  const std::uint64_t covered[]{1, layout::kRing, bytes.size() - layout::kRing};
  put(8, std::uint32_t{1});
  put(12, crc32c({reinterpret_cast<const char*>(covered), sizeof covered}));
  for (std::size_t offset = 64; offset < 128; offset += 8) put(offset, std::uint64_t{0});
  for (std::size_t offset = 144; offset < 256; offset += 8) put(offset, std::uint64_t{0});
  put(layout::kComplete, std::uint64_t{0});
}

}  // namespace

TEST_CASE("A journal of version 1 is continued: nothing is lost, and what is in flight is known") {
  JournalMemory memory{65536};
  std::vector<std::pair<PacketId, MessageView>> messages;
  const int count = GENERATE(1, 2, 100);
  {
    Run run{memory};
    for (int id = 1; id <= count; ++id) {
      messages.emplace_back(id, make_message("a", "on", QoS::at_least_once));
      REQUIRE(run.receive(static_cast<PacketId>(id), "on") == AppendResult::appended);
    }
  }
  make_version_1(memory.bytes(), messages);
  Run run{memory, true};
  CHECK(run.journal().open_report().records == static_cast<std::uint64_t>(count));
  const auto last = static_cast<PacketId>(count);
  CHECK(run.receive(last, "off", kDup) == AppendResult::appended);
  CHECK(run.receive_and_die(500, "x") == AppendResult::appended);
  if (count > 1) {
    CHECK(run.receive(1, "on", kDup) == AppendResult::redelivered);
    run.be_killed();
    CHECK(run.receive(1, "on", kDup) == AppendResult::redelivered);
    CHECK(run.receive(last, "off", kDup) == AppendResult::redelivered);
  }
}

TEST_CASE("A journal of version 1 of a broker that takes the lowest free identifier is known as such") {
  JournalMemory memory{65536};
  { Run run{memory}; }
  std::vector<std::pair<PacketId, MessageView>> messages;
  for (int i = 0; i < 100; ++i)
    messages.emplace_back(PacketId{1}, make_message("a", "OFF", QoS::at_least_once));
  make_version_1(memory.bytes(), messages);
  Run run{memory, true};
  CHECK(run.receive(1, "OFF", kDup) == AppendResult::appended);
}
