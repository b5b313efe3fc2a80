#include "mqtt_logger/journal/open_journal.hpp"

#include "mqtt_logger/base/error.hpp"
#include "mqtt_logger/journal/layout.hpp"

#include "support/catch.hpp"
#include "support/quiet_log.hpp"
#include "support/temporary_folder.hpp"
#include "support/test_journal.hpp"

#if !defined(_WIN32)
#include <sys/stat.h>
#endif

#include <string>

using namespace mqtt_logger;
using namespace mqtt_logger::test;

namespace {

struct Place {
  TemporaryFolder folder;
  Options options;
  std::filesystem::path journal = folder / "data.journal";

  Place() {
    options.output = folder / "data";
    options.journal_size_bytes = layout::kMinRingBytes;
    const auto made = open_journal(options);
    REQUIRE(made->append(make_message("a", "1"), 0, false) == AppendResult::appended);
  }
};

}  // namespace

TEST_CASE("A journal stands beside the output, is made once, and is found again") {
  Place place;
  CHECK(std::filesystem::file_size(place.journal) == layout::kRing + layout::kMinRingBytes);
  CHECK(pending_payloads(*open_journal(place.options)) == std::vector<std::string>{"1"});
  place.options.journal = place.folder / "elsewhere";
  CHECK(open_journal(place.options)->open_report().is_new);
}

TEST_CASE("A journal keeps the size that it has") {
  const QuietLog quiet;
  Place place;
  place.options.journal_size_bytes = 1 << 20;
  CHECK(open_journal(place.options)->ring_bytes() == layout::kMinRingBytes);
}

TEST_CASE("A damaged journal is kept aside, and a new one is made") {
  const QuietLog quiet;
  Place place;
  std::string damaged = read_file(place.journal);
  SECTION("Cut") {
    damaged.resize(GENERATE(1u, 8u, 60u, 4096u, 1126400u));
  }
  SECTION("With a header that is not sound") {
    damaged[GENERATE(8u, 12u, 16u, 24u, 31u)] ^= 1;
  }
  SECTION("Never made whole") {
    damaged.assign(5000, '\0');
  }
  write_file(place.journal, damaged);
  CHECK(open_journal(place.options)->open_report().is_new);
  CHECK(read_file(place.folder / "data.journal.damaged-1") == damaged);
  write_file(place.journal, damaged);
  CHECK(open_journal(place.options)->open_report().is_new);
  CHECK(read_file(place.folder / "data.journal.damaged-2") == damaged);
}

TEST_CASE("What is not a journal is left as it is") {
  Place place;
  const std::string foreign = GENERATE(std::string{"a diary\n"}, std::string(2'000'000, 'x'));
  write_file(place.journal, foreign);
  CHECK_THROWS_AS(open_journal(place.options), StartupError);
  CHECK(read_file(place.journal) == foreign);
}

TEST_CASE("A journal in use, or in a folder that is not there, is refused with the exit code for outputs") {
  Place place;
  const auto open = open_journal(place.options);
  Options other = place.options;
  SECTION("In use") {}
  SECTION("Without its folder") {
    other.journal = place.folder / "missing" / "journal";
  }
  SECTION("In place of a folder") {
    other.journal = place.folder.path();
  }
  try {
    const auto second = open_journal(other);
    FAIL("it was opened");
  } catch (const StartupError& error) {
    CHECK(error.exit_code() == ExitCode::output_unusable);
  }
}

#if !defined(_WIN32)
TEST_CASE("A file that is larger than any journal is left as it is, and not mapped") {
  Place place;
  const std::uint64_t size =
      layout::kRing + layout::kMaxRingBytes + GENERATE(std::uint64_t{1}, std::uint64_t{1} << 33);
  std::filesystem::resize_file(place.journal, size);
  try {
    const auto opened = open_journal(place.options);
    FAIL("it was opened");
  } catch (const StartupError& error) {
    CHECK(error.exit_code() == ExitCode::output_unusable);
    CHECK(std::string{error.what()}.find("has " + std::to_string(size) + " bytes") != std::string::npos);
  }
  CHECK(std::filesystem::file_size(place.journal) == size);
}

TEST_CASE("A file with holes that is no journal is not filled") {
  Place place;
  const std::uint64_t size =
      GENERATE(std::uint64_t{1} << 40, layout::kRing + layout::kMinRingBytes, 5'000'000u);
  CAPTURE(size);
  std::filesystem::remove(place.journal);
  write_file(place.journal, std::string(4096, '\0') + std::string(8192, '\0') + "a disk image");
  std::filesystem::resize_file(place.journal, size);
  CHECK_THROWS_AS(open_journal(place.options), StartupError);
  CHECK(std::filesystem::file_size(place.journal) == size);
  struct stat status {};
  REQUIRE(::stat(place.journal.c_str(), &status) == 0);
  CHECK(status.st_blocks * 512 < 100'000);
}
#endif

TEST_CASE("Checkpoints that are damaged are said to be, and what is not released is there again") {
  const QuietLog quiet;
  Place place;
  {
    const auto journal = open_journal(place.options);
    for (const char* payload : {"2", "3", "4"})
      REQUIRE(journal->append(make_message("a", payload), 0, false) == AppendResult::appended);
    Position position = 0;
    for (std::uint64_t next = 2; next <= 3; ++next) {
      REQUIRE(journal->read(position));
      commit_up_to(*journal, position, next);
    }
  }
  std::string bytes = read_file(place.journal);
  SECTION("one of them") {
    bytes[layout::kCheckpoint + 20] = static_cast<char>(bytes[layout::kCheckpoint + 20] ^ 1);
    write_file(place.journal, bytes);
    const auto journal = open_journal(place.options);
    CHECK_FALSE(journal->open_report().has_lost_checkpoint);
  }
  SECTION("both") {
    for (const std::size_t slot : {layout::kCheckpoint, layout::kCheckpoint + layout::kCheckpointSlotBytes})
      bytes[slot + 20] = static_cast<char>(bytes[slot + 20] ^ 1);
    write_file(place.journal, bytes);
    const auto journal = open_journal(place.options);
    CHECK(journal->open_report().has_lost_checkpoint);
    CHECK(pending_payloads(*journal) == std::vector<std::string>{"3", "4"});
    CHECK(journal->open_report().records == 2);
    CHECK(journal->open_report().lost_records == 0);
    CHECK(journal->open_report().skipped_bytes == 0);
  }
}
