#include "mqtt_logger/exports/writer.hpp"

#include "support/catch.hpp"
#include "support/logger_run.hpp"
#include "support/quiet_log.hpp"

#include <string>

using namespace mqtt_logger;
using namespace mqtt_logger::test;

TEST_CASE("A turn of the writer brings what is in the journal into every export, and counts it") {
  MemoryFiles files;
  JournalMemory journal{4096};
  LoggerRun run{journal.map(), files, make_options()};
  CHECK(run.step() == Writer::StepResult::idle);
  REQUIRE(run.append("#1") == AppendResult::appended);
  REQUIRE(run.append("#2") == AppendResult::appended);
  CHECK(run.step() == Writer::StepResult::wrote);
  for (const Format format : kAllFormats) CHECK(payloads_in(files, format) == Payloads{"#1", "#2"});
  CHECK(run.statistics().written.get() == 2);
  CHECK(run.journal().checkpoint().next_sequence == 3);
  CHECK(run.step() == Writer::StepResult::idle);
}

TEST_CASE("An export that cannot be written blocks the writer, not the other exports, and loses nothing") {
  const QuietLog quiet;
  MemoryFiles files;
  JournalMemory journal{4096};
  LoggerRun run{journal.map(), files, make_options()};
  REQUIRE(run.append("#1") == AppendResult::appended);
  files.fail(6, 100, std::errc::no_space_on_device);  // the second export
  CHECK(run.step() == Writer::StepResult::blocked);
  CHECK(run.step() == Writer::StepResult::blocked);
  CHECK(payloads_in(files, Format::csv) == Payloads{"#1"});
  CHECK(run.statistics().written.get() == 0);
  CHECK(run.statistics().write_errors.get() == 2);
  REQUIRE(run.append("#2") == AppendResult::appended);
  files.stop_failing();
  run.drain();
  for (const Format format : kAllFormats) CHECK(payloads_in(files, format) == Payloads{"#1", "#2"});
  CHECK(run.statistics().written.get() == 2);
}

TEST_CASE("The writer's thread writes what comes, and all of it before it stops") {
  MemoryFiles files;
  JournalMemory memory{4096};
  const Options options = make_options(Fsync::no);
  Journal journal{memory.map()};
  Exports exports{files, options, journal, recover(files, options, journal)};
  Syncer syncer{journal, exports};
  Statistics statistics;
  Writer writer{journal, exports, syncer, options, statistics};
  writer.start();
  Payloads expected;
  for (int number = 0; number < 2000; ++number) {
    expected.push_back("#" + std::to_string(number));
    while (journal.append(make_message("a/b", expected.back()), 0, false) == AppendResult::full)
      std::this_thread::yield();
  }
  writer.stop();
  for (const Format format : kAllFormats) CHECK(payloads_in(files, format) == expected);
}
