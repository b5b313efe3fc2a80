#include "mqtt_logger/journal/journal.hpp"
#include "mqtt_logger/journal/layout.hpp"
#include "mqtt_logger/platform/mapped_file.hpp"

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"
#include "support/test_journal.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

using namespace mqtt_logger;
using namespace mqtt_logger::test;

namespace {

constexpr std::uint64_t kRingBytes = 65536;

struct CutJournal {
  TemporaryFolder folder;
  std::filesystem::path path = folder / "journal";
  std::unique_ptr<Journal> journal = open();
  std::vector<std::string> written;

  std::unique_ptr<Journal> open() {
    std::unique_ptr<MappedFile> mapping;
    REQUIRE_FALSE(map_file(path, Journal::mapping_size(kRingBytes), mapping));
    return std::make_unique<Journal>(std::move(mapping));
  }
  void append(int begin, int end) {
    for (int i = begin; i < end; ++i)
      REQUIRE(journal->append(make_message("a/b", "#" + std::to_string(i)), 0, false) ==
              AppendResult::appended);
  }
  /// As the writer does it.
  void commit(int count) {
    Checkpoint checkpoint = journal->checkpoint();
    for (int i = 0; i < count; ++i) {
      const auto record = journal->read(checkpoint.position);
      REQUIRE(record);
      written.emplace_back(record->message.payload);
      checkpoint.next_sequence = record->sequence + 1;
    }
    journal->commit(checkpoint);
    journal->release_space(checkpoint.position);
  }
  bool is_whole() { return journal->is_whole(journal->checkpoint().position); }
};

std::vector<std::string> numbers(int begin, int end) {
  std::vector<std::string> all;
  for (int i = begin; i < end; ++i) all.push_back("#" + std::to_string(i));
  return all;
}

}  // namespace

TEST_CASE("A journal that is cut at any place is whole again, and what was before the cut is in it") {
  CutJournal cut;
  cut.append(0, 200);
  cut.commit(100);
  REQUIRE(cut.is_whole());
  const std::size_t record = record_size(make_message("a/b", "#100"));
  const auto size = GENERATE(std::size_t{0}, std::size_t{4}, std::size_t{64}, std::size_t{200},
                             std::size_t{700}, std::size_t{4096}, layout::kRows + 100, layout::kRing,
                             layout::kRing + 5000, layout::kRing + 9001, layout::kRing + kRingBytes - 1);
  std::filesystem::resize_file(cut.path, size);
  SECTION("Noticed at once") {
    CHECK_FALSE(cut.is_whole());
  }
  SECTION("Noticed after it was used, and so has its size again") {
    cut.append(200, 210);
    CHECK_FALSE(cut.is_whole());
    cut.append(210, 220);
  }
  const auto head = cut.journal->head();
  JournalRest rest;
  REQUIRE_FALSE(cut.journal->restore(rest));
  CHECK(cut.is_whole());
  CHECK(cut.journal->head() == head);
  const auto kept = pending_payloads(*cut.journal);
  // What lies whole before the cut is there; what was appended after it, too.
  const std::size_t before =
      size > layout::kRing ? std::min<std::size_t>(200, (size - layout::kRing) / record) : 0;
  CHECK(rest.appended >= 200);
  CHECK(rest.readable == kept.size());
  for (std::size_t i = 100; i + 1 < before; ++i) {
    INFO(i);
    CHECK(std::ranges::count(kept, "#" + std::to_string(i)) == 1);
  }
  cut.append(220, 230);
  const auto last = pending_payloads(*cut.journal);
  REQUIRE(last.size() == kept.size() + 10);
  CHECK(std::vector(last.end() - 10, last.end()) == numbers(220, 230));
  // Killed, and started again.
  cut.journal.reset();
  cut.journal = cut.open();
  CHECK(cut.journal->open_report().had_crash);
  CHECK_FALSE(cut.journal->open_report().has_lost_checkpoint);
  CHECK(cut.journal->open_report().skipped_bytes == 0);
  CHECK(pending_payloads(*cut.journal) == last);
}

TEST_CASE("A journal that was cut counts exactly what is lost") {
  CutJournal cut;
  cut.append(0, 50);
  cut.commit(20);
  std::filesystem::resize_file(cut.path, 0);
  cut.append(50, 60);
  JournalRest rest;
  REQUIRE_FALSE(cut.journal->restore(rest));
  CHECK(rest.appended == 60);
  CHECK(rest.readable == 10);  // and 20 are written
  CHECK(pending_payloads(*cut.journal) == numbers(50, 60));
  cut.commit(5);
  std::filesystem::resize_file(cut.path, 0);
  REQUIRE_FALSE(cut.journal->restore(rest));
  CHECK(rest.appended == 60);
  CHECK(rest.readable == 0);
}

TEST_CASE("A record that was overwritten is not read, and a checkpoint that was, noticed") {
  CutJournal cut;
  cut.append(0, 3);
  std::fstream file{cut.path, std::ios::in | std::ios::out | std::ios::binary};
  SECTION("A record") {
    file.seekp(static_cast<std::streamoff>(layout::kRing + 44)) << "x" << std::flush;
    Position position = 0;
    CHECK_FALSE(cut.journal->read(position));
    CHECK(position == 0);
  }
  SECTION("The checkpoint") {
    cut.commit(1);
    REQUIRE(cut.is_whole());
    file.seekp(static_cast<std::streamoff>(layout::kCheckpoint)) << std::string(1024, 'x') << std::flush;
  }
  SECTION("The header") {
    cut.commit(1);
    file.seekp(0) << "x" << std::flush;
  }
  CHECK_FALSE(cut.is_whole());
  JournalRest rest;
  REQUIRE_FALSE(cut.journal->restore(rest));
  CHECK(cut.is_whole());
  CHECK(rest.appended == 3);
  CHECK(rest.readable == 2);
}
