#include "mqtt_logger/exports/syncer.hpp"

#include "mqtt_logger/base/error.hpp"

#include "support/catch.hpp"
#include "support/journal_device.hpp"
#include "support/logger_run.hpp"
#include "support/quiet_log.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

using namespace mqtt_logger;
using namespace mqtt_logger::test;

TEST_CASE("The journal's space is released when the exports are on the device, with --fsync no at once") {
  const auto fsync = GENERATE(Fsync::always, Fsync::everysec, Fsync::no);
  MemoryFiles files;
  JournalDevice journal{4096};
  LoggerRun run{journal.map(), files, make_options(fsync)};
  REQUIRE(run.append("#1") == AppendResult::appended);
  run.drain();
  CHECK((run.journal().pending_bytes() == 0) == (fsync == Fsync::no));
  run.sync();
  CHECK(run.journal().pending_bytes() == 0);
}

namespace {

/// A logger with messages, a device of the exports and one of the journal, of which either may fail.
struct FailingRun {
  QuietLog quiet;
  MemoryFiles files;
  JournalDevice journal{4096};
  Options options = make_options();
  std::unique_ptr<LoggerRun> run;
  Payloads expected;

  explicit FailingRun(std::uint64_t rotate_size_bytes = 0) {
    options.rotate_size_bytes = rotate_size_bytes;
    start();
  }
  void start() { run = std::make_unique<LoggerRun>(journal.map(), files, options); }

  bool append() {
    const std::string payload = "#" + std::to_string(expected.size());
    if (run->append(payload) == AppendResult::full) return false;
    expected.push_back(payload);
    return true;
  }
  void write(int messages) {
    for (int i = 0; i < messages; ++i) {
      REQUIRE(append());
      static_cast<void>(run->step());
    }
  }
  void let_devices_work() {
    files.stop_failing();
    journal.set_failing(false);
  }

  // By what the devices hold.
  void require_all_on_device() {
    for (const std::string& name : files.names()) REQUIRE(files.on_device(name) == files.content(name));
    REQUIRE(journal.is_on_device());
    for (const Format format : kAllFormats) REQUIRE(payloads_in(files, format) == expected);
  }
};

constexpr std::uint64_t kForEver = 1'000'000;

}  // namespace

TEST_CASE(
    "While a device fails the journal's space is held, and then what it did not take is written again") {
  const bool is_journal_failing = GENERATE(false, true);
  const auto rotate_size_bytes = GENERATE(0u, 600u);
  FailingRun logger{rotate_size_bytes};
  logger.write(3);
  REQUIRE_FALSE(logger.run->sync());
  if (is_journal_failing)
    logger.journal.set_failing(true);
  else
    logger.files.fail_syncs(kForEver, std::errc::io_error);
  while (logger.append()) {
    static_cast<void>(logger.run->step());
    CHECK(logger.run->sync());
    REQUIRE(logger.expected.size() < 200);  // the ring
  }
  CHECK(logger.run->step() == (is_journal_failing && rotate_size_bytes == 0 ? Writer::StepResult::idle
                                                                            : Writer::StepResult::blocked));
  CHECK_FALSE(logger.append());
  logger.let_devices_work();
  for (int i = 0; i < 3; ++i) {
    logger.run->drain();
    CHECK_FALSE(logger.run->sync());
  }
  logger.require_all_on_device();
  CHECK(logger.run->journal().pending_bytes() == 0);
  CHECK(logger.run->statistics().written.get() == logger.expected.size());
}

TEST_CASE("A device that fails once, however often, takes all in the end") {
  const auto rotate_size_bytes = GENERATE(0u, 600u);
  for (std::uint64_t first = 0; first < 12; ++first) {
    INFO("after " << first << " messages");
    FailingRun logger{rotate_size_bytes};
    for (int round = 0; round < 5; ++round) {
      logger.write(static_cast<int>(first));
      logger.files.fail_syncs(1 + first % 4, std::errc::no_space_on_device);
      logger.journal.set_failing(first % 3 == 0);
      static_cast<void>(logger.run->sync());
      logger.write(2);
      static_cast<void>(logger.run->sync());
      logger.let_devices_work();
      logger.run->drain();
      REQUIRE_FALSE(logger.run->sync());
      logger.require_all_on_device();
    }
    CHECK(logger.run->statistics().written.get() == logger.expected.size());
  }
}

TEST_CASE("What a failed sync was for is written again by the next start, too") {
  const auto failing = GENERATE("exports", "journal", "start");
  const auto rotate_size_bytes = GENERATE(0u, 600u);
  INFO(failing << ", rotated at " << rotate_size_bytes);
  FailingRun logger{rotate_size_bytes};
  logger.write(10);
  REQUIRE_FALSE(logger.run->sync());
  logger.write(5);
  if (failing == std::string{"exports"}) logger.files.fail_syncs(1, std::errc::io_error);
  if (failing == std::string{"journal"}) logger.journal.set_failing(true);
  if (failing != std::string{"start"}) REQUIRE(logger.run->sync());
  logger.let_devices_work();
  logger.run.reset();
  if (failing == std::string{"start"}) {
    logger.files.fail_syncs(1, std::errc::io_error);
    CHECK_THROWS_AS(logger.start(), StartupError);
    logger.let_devices_work();
  }
  logger.start();
  CHECK(logger.run->journal().open_report().is_unconfirmed);
  logger.run->drain();
  REQUIRE_FALSE(logger.run->sync());
  logger.require_all_on_device();
  logger.run.reset();
  logger.start();
  CHECK_FALSE(logger.run->journal().open_report().is_unconfirmed);
}

TEST_CASE("A file that is written to and finished while it is synced is synced once more") {
  FailingRun logger{5000};
  logger.write(3);
  REQUIRE_FALSE(logger.run->sync());
  const std::vector<std::string> names = logger.files.names();
  logger.files.watch_next_sync([&logger] {
    logger.write(1);
    REQUIRE_FALSE(logger.run->exports().rotate(make_message("a", "").receive_time));
  });
  REQUIRE_FALSE(logger.run->exports().sync());
  REQUIRE(logger.files.names().size() > names.size());
  REQUIRE_FALSE(logger.run->exports().sync());
  for (const std::string& name : names) CHECK(logger.files.on_device(name) == logger.files.content(name));
}

TEST_CASE("With --fsync no a failed sync goes on from where it is") {
  FailingRun logger;
  logger.options.fsync = Fsync::no;
  logger.run.reset();
  logger.start();
  logger.write(10);
  logger.files.fail_syncs(1, std::errc::io_error);
  CHECK(logger.run->sync());
  logger.write(10);
  CHECK_FALSE(logger.run->sync());
  for (const Format format : kAllFormats) CHECK(payloads_in(logger.files, format) == logger.expected);
  CHECK(logger.run->statistics().written.get() == logger.expected.size());
}

TEST_CASE("A journal counts as closed in order only when everything is on the device") {
  const QuietLog quiet;
  const bool is_failing = GENERATE(false, true);
  MemoryFiles files;
  JournalDevice journal{4096};
  {
    LoggerRun run{journal.map(), files, make_options(Fsync::no)};
    REQUIRE(run.append("#1") == AppendResult::appended);
    journal.set_failing(is_failing);
    run.stop();
  }
  journal.set_failing(false);
  CHECK(Journal{journal.map()}.open_report().had_crash == is_failing);
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
    if (journal.append(make_message("a/b", "#1"), 0, false) == AppendResult::appended)
      ++appended;
    else
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  CHECK(appended == 2000);
  writer.stop();
  CHECK_FALSE(syncer.stop());
  CHECK(payloads_in(files, Format::csv).size() == static_cast<std::size_t>(appended));
}
