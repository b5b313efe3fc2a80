#include "mqtt_logger/exports/exports.hpp"

#include "support/catch.hpp"
#include "support/logger_run.hpp"
#include "support/quiet_log.hpp"

#include <chrono>
#include <string>

using namespace mqtt_logger;
using namespace mqtt_logger::test;
using namespace std::chrono_literals;

namespace {

Options rotating(std::uint64_t size, std::chrono::seconds every = 0s) {
  Options options = make_options();
  options.rotate_size_bytes = size;
  options.rotate_every = every;
  return options;
}

/// Takes in and writes one message.
void write(LoggerRun& run, std::string_view payload, ReceiveTime time = make_message("", "").receive_time) {
  MessageView message = make_message("a/b", payload);
  message.receive_time = time;
  REQUIRE(run.journal().append(message, 0, false) == AppendResult::appended);
  run.drain();
}

}  // namespace

TEST_CASE("A series has no file before its first record, and then those of all formats by its time") {
  MemoryFiles files;
  JournalMemory journal{4096};
  LoggerRun run{journal.map(), files, rotating(1024)};
  run.drain();
  CHECK(files.names().empty());
  write(run, "#1");
  CHECK(files.names() == std::vector<std::string>{"exports/data-20231114T221320Z.csv",
                                                  "exports/data-20231114T221320Z.json",
                                                  "exports/data-20231114T221320Z.jsonl"});
}

TEST_CASE("Formats turn together when the larger one has its size, and each file is whole") {
  MemoryFiles files;
  JournalMemory journal{65536};
  LoggerRun run{journal.map(), files, rotating(1024)};
  Payloads expected;
  for (int number = 0; number < 100; ++number) {
    expected.push_back("#" + std::to_string(number));
    REQUIRE(run.append(expected.back()) == AppendResult::appended);
  }
  run.drain();
  const auto series = series_in(files, Format::csv);
  CHECK(series.size() > 5);
  for (const Format format : kAllFormats) {
    CHECK(series_in(files, format) == series);
    CHECK(payloads_in(files, format) == expected);
    for (const FileNumber number : series)
      CHECK(files.content(export_path("exports/data", format, number)).size() < 1024 + 200);
  }
}

TEST_CASE("A record stands in the file of its hour; a counter is added where a name is taken") {
  MemoryFiles files;
  files.put("exports/data-20231114T221320Z.json.gz", "somebody's");
  files.put("exports/data-20231114T230020Z.csv", "somebody's");
  JournalMemory journal{4096};
  LoggerRun run{journal.map(), files, rotating(0, 1h)};
  const ReceiveTime time = make_message("", "").receive_time;
  write(run, "#1", time);
  write(run, "#2", time + 46min);
  write(run, "#3", time + 47min);
  CHECK(payloads_of(files, Format::csv, "exports/data-20231114T221320Z-2.csv") == Payloads{"#1", "#2"});
  CHECK(payloads_of(files, Format::json, "exports/data-20231114T221320Z-2.json") == Payloads{"#1", "#2"});
  CHECK(payloads_of(files, Format::csv, "exports/data-20231114T230020Z-2.csv") == Payloads{"#3"});
  CHECK(files.content("exports/data-20231114T230020Z.csv") == "somebody's");
}

TEST_CASE("Rotation switched on leaves the single file whole and alone; switched off, it is continued") {
  const QuietLog quiet;
  MemoryFiles files;
  JournalMemory journal{4096};
  {
    LoggerRun run{journal.map(), files, make_options()};
    write(run, "#1");
    REQUIRE(run.append("#2") == AppendResult::appended);  // and killed
  }
  const std::string single = files.content("exports/data.json");
  {
    LoggerRun run{journal.map(), files, rotating(1024)};
    run.drain();
    write(run, "#3");
    CHECK(files.content("exports/data.json") == single);
    CHECK(payloads_of(files, Format::json, "exports/data-20231114T221320Z.json") == Payloads{"#2", "#3"});
    REQUIRE(run.append("#4") == AppendResult::appended);
  }
  LoggerRun run{journal.map(), files, make_options()};
  run.drain();
  for (const Format format : kAllFormats) {
    CHECK(payloads_of(files, format, export_path("exports/data", format)) == Payloads{"#1", "#4"});
    CHECK(payloads_of(files, format, export_path("exports/data", format, series_in(files, format).at(0))) ==
          Payloads{"#2", "#3"});
  }
}

TEST_CASE("The last file of a series is continued by the next run, unless a format has none") {
  MemoryFiles files;
  JournalMemory journal{4096};
  Options options = rotating(100'000);
  options.formats = {Format::csv};
  for (const char* payload : {"#1", "#2"}) {
    LoggerRun run{journal.map(), files, options};
    write(run, payload);
  }
  CHECK(series_in(files, Format::csv).size() == 1);
  LoggerRun run{journal.map(), files, rotating(100'000)};
  write(run, "#3");
  CHECK(series_in(files, Format::csv).size() == 2);
  CHECK(payloads_in(files, Format::csv) == Payloads{"#1", "#2", "#3"});
  CHECK(payloads_in(files, Format::json) == Payloads{"#3"});
}

TEST_CASE("An export that was moved or deleted is started again when exports are opened again") {
  const QuietLog quiet;
  MemoryFiles files;
  JournalMemory journal{4096};
  LoggerRun run{journal.map(), files, make_options()};
  write(run, "#1");
  const bool is_created_again = GENERATE(false, true);
  REQUIRE_FALSE(files.set_aside("exports/data.csv", "exports/data.csv.1"));
  if (is_created_again) files.put("exports/data.csv", "");
  files.take_away("exports/data.json");
  run.open_again();
  static_cast<void>(run.step());
  CHECK(payloads_of(files, Format::csv, "exports/data.csv").empty());
  CHECK(files.content("exports/data.csv").starts_with("timestamp,"));
  CHECK(files.content("exports/data.json") == "[\n]\n");
  write(run, "#2");
  CHECK(payloads_of(files, Format::csv, "exports/data.csv.1") == Payloads{"#1"});
  CHECK(payloads_of(files, Format::csv, "exports/data.csv") == Payloads{"#2"});
  CHECK(payloads_of(files, Format::json, "exports/data.json") == Payloads{"#2"});
  CHECK(payloads_of(files, Format::jsonl, "exports/data.jsonl") == Payloads{"#1", "#2"});
}

TEST_CASE("Opening again what nobody touched changes nothing; in a series a lost file ends it") {
  const QuietLog quiet;
  const bool is_series = GENERATE(false, true);
  MemoryFiles files;
  JournalMemory journal{4096};
  LoggerRun run{journal.map(), files, is_series ? rotating(100'000) : make_options()};
  write(run, "#1");
  run.open_again();
  write(run, "#2");
  for (const Format format : kAllFormats) CHECK(payloads_in(files, format) == Payloads{"#1", "#2"});
  CHECK(files.names().size() == std::size(kAllFormats));
  if (!is_series) return;
  files.take_away(export_path("exports/data", Format::json, series_in(files, Format::json).at(0)));
  run.open_again();
  write(run, "#3");
  CHECK(payloads_in(files, Format::csv) == Payloads{"#1", "#2", "#3"});
  CHECK(payloads_in(files, Format::json) == Payloads{"#3"});
}

TEST_CASE("A file that fails and is then taken away loses nothing: what waits is written to the new one") {
  const QuietLog quiet;
  MemoryFiles files;
  JournalMemory journal{4096};
  LoggerRun run{journal.map(), files, make_options(), 0ms};  // looks each turn
  write(run, "#1");
  REQUIRE(run.append("#2") == AppendResult::appended);
  files.fail(6, 100, std::errc::io_error);  // the JSON export; the CSV has the record
  CHECK(run.step() == Writer::StepResult::blocked);
  files.stop_failing();
  files.take_away("exports/data.json");
  REQUIRE(run.append("#3") == AppendResult::appended);
  run.drain();
  CHECK(payloads_in(files, Format::csv) == Payloads{"#1", "#2", "#3"});
  CHECK(payloads_in(files, Format::json) == Payloads{"#2", "#3"});
  CHECK(payloads_in(files, Format::jsonl) == Payloads{"#1", "#2", "#3"});
}

TEST_CASE("A rotation that cannot look is a fault that is tried again, not a name that is taken") {
  const QuietLog quiet;
  const std::errc error = GENERATE(std::errc::too_many_files_open, std::errc::permission_denied,
                                   std::errc::filename_too_long, std::errc::io_error);
  MemoryFiles files;
  JournalMemory journal{4096};
  LoggerRun run{journal.map(), files, rotating(1024)};
  REQUIRE(run.append("#1") == AppendResult::appended);
  files.fail(0, 1'000'000, error);
  const std::uint64_t calls = files.calls();
  CHECK(run.step() == Writer::StepResult::blocked);
  CHECK(files.calls() < calls + 100);
  CHECK(run.step() == Writer::StepResult::blocked);
  files.stop_failing();
  run.drain();
  CHECK(files.names() == std::vector<std::string>{"exports/data-20231114T221320Z.csv",
                                                  "exports/data-20231114T221320Z.json",
                                                  "exports/data-20231114T221320Z.jsonl"});
}

TEST_CASE("Whichever call of a rotation fails, nothing is lost and no name is left out") {
  const QuietLog quiet;
  for (std::uint64_t call = 0;; ++call) {
    CAPTURE(call);
    MemoryFiles files;
    JournalMemory journal{4096};
    LoggerRun run{journal.map(), files, rotating(0, 1h)};
    const ReceiveTime time = make_message("", "").receive_time;
    write(run, "#1", time);
    MessageView message = make_message("a/b", "#2");
    message.receive_time = time + 1h;
    REQUIRE(run.journal().append(message, 0, false) == AppendResult::appended);
    files.fail(call, 1, std::errc::too_many_files_open);
    static_cast<void>(run.step());
    const bool has_failed = files.has_failed();
    files.stop_failing();
    run.drain();
    for (const Format format : kAllFormats) {
      REQUIRE(payloads_in(files, format) == Payloads{"#1", "#2"});
      REQUIRE(series_in(files, format).size() == 2);
    }
    if (!has_failed) break;
  }
}

TEST_CASE(
    "An export that is cut, emptied or written to while messages flow is left, and nothing waits for it") {
  const QuietLog quiet;
  const bool is_series = GENERATE(false, true);
  MemoryFiles files;
  JournalMemory journal{4096};
  LoggerRun run{journal.map(), files, is_series ? rotating(100'000) : make_options()};
  write(run, "#1");
  const std::filesystem::path path =
      export_path("exports/data", Format::csv, is_series ? series_in(files, Format::csv).at(0) : kSingleFile);
  const std::string before = files.content(path);
  const std::string changed = GENERATE_COPY(std::string{}, before.substr(0, 50), before + "a note\n",
                                            std::string(before.size(), '\0'), "X" + before.substr(1));
  CAPTURE(changed, is_series);
  files.edit(path, changed);
  write(run, "#2");
  write(run, "#3");
  Payloads found;
  bool is_kept = changed.empty() || changed == before.substr(0, 50);
  for (const std::filesystem::path name : files.names()) {
    const std::string content = files.content(name);
    if (name.extension() != ".csv") continue;
    is_kept = is_kept || content == changed;
    for (const char* payload : {"#2", "#3"}) {
      if (content.find(payload) != std::string::npos) found.emplace_back(payload);
    }
    CHECK((content == changed || content.find('\0') == std::string::npos));
  }
  CHECK(found == Payloads{"#2", "#3"});
  CHECK(is_kept);
  CHECK(payloads_in(files, Format::jsonl) == Payloads{"#1", "#2", "#3"});
}

TEST_CASE("A file that another logger writes, under whatever name, is refused") {
  const QuietLog quiet;
  MemoryFiles files;
  JournalMemory journal{4096};
  LoggerRun run{journal.map(), files, make_options()};
  write(run, "#1");
  JournalMemory second_journal{4096};
  CHECK_THROWS_WITH((LoggerRun{second_journal.map(), files, make_options()}),
                    Catch::Matchers::ContainsSubstring("is written by another logger"));
  write(run, "#2");
  CHECK(payloads_in(files, Format::csv) == Payloads{"#1", "#2"});
}
