#include "mqtt_logger/housekeeping/housekeeper.hpp"

#include "support/catch.hpp"
#include "support/journal_device.hpp"
#include "support/logger_run.hpp"
#include "support/quiet_log.hpp"

#include <algorithm>
#include <string>
#include <thread>

using namespace mqtt_logger;
using namespace mqtt_logger::test;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::sys_seconds kNow{1'800'000'000s};

Options keeping(std::uint64_t groups) {
  Options options = make_options();
  options.rotate_every = 1h;
  options.keep_groups = groups;
  return options;
}

Options compressing(std::uint64_t groups) {
  Options options = keeping(groups);
  options.compress = Compression::gzip;
  return options;
}

void take_in(LoggerRun& run, int hour) {
  MessageView message = make_message("a/b", "#");
  message.receive_time += hour * 1h;
  REQUIRE(run.journal().append(message, 0, false) == AppendResult::appended);
}

/// Takes in and writes a message in each of `count` hours.
void write_hours(LoggerRun& run, int begin, int count) {
  for (int hour = begin; hour < begin + count; ++hour) {
    take_in(run, hour);
    run.drain();
  }
}

/// A file of an earlier run, whose first record came at `time`.
std::string export_from(std::string_view time) {
  return "timestamp,topic,payload,encoding,qos,retain\n" + std::string{time} + ",a/b,#,text,0,false\n";
}
const std::string kOurs = export_from("2020-01-01T00:00:00.500000Z");

}  // namespace

TEST_CASE("The oldest files of the series go, all formats together, also compressed; others stay") {
  const QuietLog quiet;
  MemoryFiles files;
  const std::vector<std::string> others{
      "elsewhere/data-20200101T000000Z.csv",      // another folder
      "exports/data-20200101T000000Z.aside.csv",  // not what we would call one
      "exports/data-20200101T000000Z.csv.bak",
      "exports/data-20201301T000000Z.csv",
      "exports/data.csv",                    // the one without rotation
      "exports/data2-20200101T000000Z.csv",  // another series
      "exports/old-data-20200101T000000Z.csv",
  };
  for (const std::string& name : others) files.put(name, "somebody's");
  files.put("exports/data-20200101T000000Z.csv", kOurs);
  const Options options = keeping(2);
  JournalMemory journal{4096};
  LoggerRun run{journal.map(), files, options};
  Housekeeper keeper{files, options, run.exports()};
  write_hours(run, 0, 5);
  keeper.keep(kNow);
  CHECK_FALSE(files.has("exports/data-20200101T000000Z.csv"));
  for (const std::string& name : others) CHECK(files.has(name));
  CHECK(files.names().size() == others.size() + 2 * std::size(kAllFormats));
  write_hours(run, 5, 1);
  for (const Format format : kAllFormats)
    CHECK(series_in(files, format).back() == run.exports().sinks().front().checkpoint().file_number);
}

TEST_CASE("A file that was just followed by another one stays until a checkpoint on the device says so") {
  const QuietLog quiet;
  MemoryFiles files;
  const Options options = keeping(1);
  JournalDevice journal{4096};
  LoggerRun run{journal.map(), files, options};
  Housekeeper keeper{files, options, run.exports()};
  write_hours(run, 0, 1);
  journal.set_failing(true);
  take_in(run, 1);
  static_cast<void>(run.step());
  keeper.keep(kNow);
  CHECK(series_in(files, Format::csv).size() == 2);
  CHECK(run.exports().numbers_in_use().size() == 2);
  journal.set_failing(false);
  run.drain();
  keeper.keep(kNow);
  CHECK(series_in(files, Format::csv).size() == 1);
}

TEST_CASE("A file that cannot be removed is tried again, and no newer one goes in its place") {
  const QuietLog quiet;
  MemoryFiles files;
  const Options options = keeping(2);
  JournalMemory journal{4096};
  LoggerRun run{journal.map(), files, options};
  Housekeeper keeper{files, options, run.exports()};
  write_hours(run, 0, 3);
  for (std::uint64_t call = 0;; ++call) {  // each call fails once
    files.fail(call, 1, std::errc::read_only_file_system);
    keeper.keep(kNow);
    for (const Format format : kAllFormats) REQUIRE(series_in(files, format).size() >= 2);
    if (!files.has_failed()) break;
  }
  files.stop_failing();
  keeper.keep(kNow);
  for (const Format format : kAllFormats) CHECK(series_in(files, format).size() == 2);
}

TEST_CASE("The keeper's thread looks at the start and after each group, and ends when asked") {
  const QuietLog quiet;
  MemoryFiles files;
  files.put("exports/data-20200101T000000Z.csv", kOurs);
  files.put("exports/data-20200102T000000Z.csv", export_from("2020-01-02T00:00:00.000000Z"));
  const Options options = keeping(1);
  JournalMemory journal{4096};
  LoggerRun run{journal.map(), files, options};
  Housekeeper keeper{files, options, run.exports()};
  keeper.start();
  const auto wait_for_files = [&files](std::size_t count) {
    const auto end = std::chrono::steady_clock::now() + 30s;
    while (series_in(files, Format::csv).size() != count && std::chrono::steady_clock::now() < end)
      std::this_thread::sleep_for(5ms);
    return series_in(files, Format::csv).size() == count;
  };
  CHECK(wait_for_files(1));
  write_hours(run, 0, 3);
  CHECK(wait_for_files(1));
  keeper.stop();
}

TEST_CASE("Finished files are compressed, the one that is written is not, and parts of a crash go") {
  const QuietLog quiet;
  MemoryFiles files;
  const Options options = compressing(3);
  files.put("exports/data-20231114T221320Z.csv.gz.part", "");
  files.put("exports/data.csv.gz.part", "somebody's");
  JournalMemory journal{4096};
  LoggerRun run{journal.map(), files, options};
  Housekeeper keeper{files, options, run.exports()};
  write_hours(run, 0, 5);
  keeper.keep(kNow);
  const std::vector<std::string> expected{
      "exports/data-20231115T001320Z.csv.gz",   "exports/data-20231115T001320Z.json.gz",
      "exports/data-20231115T001320Z.jsonl.gz", "exports/data-20231115T011320Z.csv.gz",
      "exports/data-20231115T011320Z.json.gz",  "exports/data-20231115T011320Z.jsonl.gz",
      "exports/data-20231115T021320Z.csv",      "exports/data-20231115T021320Z.json",
      "exports/data-20231115T021320Z.jsonl",    "exports/data.csv.gz.part"};
  CHECK(files.names() == expected);
  write_hours(run, 5, 1);
  keeper.keep(kNow);
  CHECK(files.names().size() == expected.size());
}

TEST_CASE("A compressed file of somebody else stays beside the original, and others are compressed") {
  const QuietLog quiet;
  MemoryFiles files;
  const Options options = compressing(0);
  JournalMemory journal{4096};
  LoggerRun run{journal.map(), files, options};
  Housekeeper keeper{files, options, run.exports()};
  write_hours(run, 0, 2);
  files.put("exports/data-20231114T221320Z.csv.gz", "somebody's");
  keeper.keep(kNow);
  CHECK(files.has("exports/data-20231114T221320Z.csv"));
  CHECK(files.content("exports/data-20231114T221320Z.csv.gz") == "somebody's");
  CHECK_FALSE(files.has("exports/data-20231114T221320Z.json"));
}

TEST_CASE("What a failed group has begun is not compressed: the next attempt takes it up") {
  const QuietLog quiet;
  bool has_failed = true;
  for (std::uint64_t call = 0; has_failed; ++call) {  // each call fails once
    MemoryFiles files;
    const Options options = compressing(0);
    JournalMemory journal{4096};
    LoggerRun run{journal.map(), files, options};
    Housekeeper keeper{files, options, run.exports()};
    write_hours(run, 0, 1);
    take_in(run, 1);
    files.fail(call, 1, std::errc::no_space_on_device);
    static_cast<void>(run.step());
    has_failed = files.has_failed();
    files.stop_failing();
    keeper.keep(kNow);
    run.drain();
    keeper.keep(kNow);
    const auto names = files.names();
    CHECK(std::ranges::count_if(names, [](const auto& name) { return name.ends_with(".gz"); }) ==
          std::ssize(kAllFormats));
  }
}

TEST_CASE(
    "What has a name of the series and something else in it is neither removed nor compressed nor counted") {
  const QuietLog quiet;
  MemoryFiles files;
  const std::vector<std::string> others{
      "exports/data-20200101T000000Z.csv",     // of a logger with --output exports/data-20200101T000000Z
      "exports/data-20200102T000000Z.json",    // not an export
      "exports/data-20200103T000000Z.jsonl",   // empty
      "exports/data-20200104T000000Z.csv.gz",  // not what we compress
      "exports/data-20200105T000000Z-2.csv.gz.part",
  };
  const std::vector<std::string> contents{export_from("2026-11-20T15:36:01.123456Z"), "{}", "", "somebody's",
                                          "somebody's"};
  for (std::size_t i = 0; i < others.size(); ++i) files.put(others[i], contents[i]);
  const Options options = compressing(2);
  JournalMemory journal{4096};
  LoggerRun run{journal.map(), files, options};
  Housekeeper keeper{files, options, run.exports()};
  write_hours(run, 0, 3);
  keeper.keep(kNow);
  for (std::size_t i = 0; i < others.size(); ++i) CHECK(files.content(others[i]) == contents[i]);
  CHECK(files.names().size() == others.size() + 2 * std::size(kAllFormats));
}

TEST_CASE("A file whose first record is one that another format had before still belongs to its number") {
  const QuietLog quiet;
  MemoryFiles files;
  files.put("exports/data-20200101T000000Z.csv", kOurs);
  files.put("exports/data-20200101T000000Z.json",
            "[\n{\"timestamp\":\"2020-01-01T00:00:07.000000Z\",\"topic\":\"a\"}\n]\n");
  const Options options = keeping(1);
  JournalMemory journal{4096};
  LoggerRun run{journal.map(), files, options};
  Housekeeper keeper{files, options, run.exports()};
  write_hours(run, 0, 1);
  keeper.keep(kNow);
  CHECK(files.names().size() == std::size(kAllFormats));
}
