#include "mqtt_logger/output/syncer.hpp"

#include "support/catch.hpp"
#include "support/journal_device.hpp"
#include "support/logger_run.hpp"
#include "support/quiet_log.hpp"

#include <chrono>
#include <thread>

using namespace mqtt_logger;
using namespace mqtt_logger::test;

TEST_CASE("The journal's space is released when the exports are on the device, with --fsync no at once") {
  const auto fsync = GENERATE(Fsync::always, Fsync::everysec, Fsync::no);
  MemoryFiles files;
  JournalDevice journal{4096};
  LoggerRun run{journal.map(), files, make_options(fsync)};
  REQUIRE(run.append("#1") == Admission::appended);
  run.drain();
  CHECK((run.journal().pending_bytes() == 0) == (fsync == Fsync::no));
  run.sync();
  CHECK(run.journal().pending_bytes() == 0);
}

TEST_CASE("A device that fails costs the promise against power failures, not messages") {
  const QuietLog quiet;
  MemoryFiles files;
  JournalDevice journal{4096};
  LoggerRun run{journal.map(), files, make_options()};
  journal.set_failing(true);
  Payloads expected;
  for (int number = 0; number < 500; ++number) {  // many times the ring
    expected.push_back("#" + std::to_string(number));
    REQUIRE(run.append(expected.back()) == Admission::appended);
    run.drain();
    run.sync();
  }
  for (const Format format : kAllFormats) CHECK(payloads_in(files, format) == expected);
}

TEST_CASE("A journal counts as closed in order only when everything is on the device") {
  const QuietLog quiet;
  const bool is_failing = GENERATE(false, true);
  MemoryFiles files;
  JournalDevice journal{4096};
  {
    LoggerRun run{journal.map(), files, make_options(Fsync::no)};
    REQUIRE(run.append("#1") == Admission::appended);
    journal.set_failing(is_failing);
    run.stop();
  }
  journal.set_failing(false);
  CHECK(Journal{journal.map()}.findings().had_crash == is_failing);
}

TEST_CASE("The sync thread makes room as soon as the journal is full") {
  MemoryFiles files;
  JournalMemory memory{4096};
  const Options options = make_options();
  Journal journal{memory.map()};
  Exports exports{files, options, journal, recover(files, options, journal)};
  Syncer syncer{journal, exports, std::chrono::hours{1}};  // of itself it would sync once
  Statistics statistics;
  Writer writer{journal, exports, syncer, options, statistics};
  writer.start();
  syncer.start();
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes{2};
  int appended = 0;
  while (appended < 2000 && std::chrono::steady_clock::now() < end) {  // 24 times the ring
    if (journal.append(make_message("a/b", "#1"), 0, false) == Admission::appended)
      ++appended;
    else
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  CHECK(appended == 2000);
  writer.stop();
  syncer.stop();
  CHECK(payloads_in(files, Format::csv).size() == static_cast<std::size_t>(appended));
}
