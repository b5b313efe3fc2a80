#include "support/catch.hpp"
#include "support/journal_device.hpp"
#include "support/logger_run.hpp"
#include "support/quiet_log.hpp"

#include <algorithm>
#include <functional>
#include <random>

using namespace mqtt_logger;
using namespace mqtt_logger::test;

namespace {

/// A logger that wrote "old" records and was stopped or killed with "pending" ones in its journal.
struct EarlierRun {
  MemoryFiles files;
  JournalMemory journal{4096};
  Options options = make_options();

  explicit EarlierRun(bool was_killed) {
    LoggerRun run{journal.map(), files, options};
    for (const char* payload : {"#old 1", "#old 2", "#old 3"})
      REQUIRE(run.append(payload) == AppendResult::appended);
    run.drain();
    if (was_killed) {
      REQUIRE(run.append("#pending") == AppendResult::appended);
    } else {
      run.stop();
    }
  }

  std::filesystem::path path(Format format) const { return export_path(options.output, format); }

  void start_and_log(std::string_view payload) {
    LoggerRun run{journal.map(), files, options};
    REQUIRE(run.append(payload) == AppendResult::appended);
    run.stop();
  }

  // In a file of any name.
  bool is_kept(const std::string& bytes) const {
    return std::ranges::any_of(files.names(), [&](const auto& name) {
      return files.content(name).find(bytes) != std::string::npos;
    });
  }
};

std::string without_second_line(std::string text) {
  const std::size_t begin = text.find('\n') + 1;
  return text.erase(begin, text.find('\n', begin) + 1 - begin);
}

}  // namespace

TEST_CASE("What somebody did to an export between two runs is never destroyed, and the logger goes on") {
  const QuietLog quiet;
  const bool was_killed = GENERATE(false, true);
  const bool had_restart = GENERATE(false, true);
  const Format format = GENERATE(Format::csv, Format::json, Format::jsonl);
  INFO(file_format(format).extension << ", killed " << was_killed << ", restart " << had_restart);
  EarlierRun earlier{was_killed};
  if (had_restart) pretend_restart(earlier.journal.bytes());
  const std::filesystem::path path = earlier.path(format);
  const std::string old = earlier.files.content(path);
  std::string users = old;

  SECTION("Text was appended") {
    users = "a note by hand, without a line end";
    earlier.files.edit(path, old + users);
  }
  SECTION("A line was appended") {
    users = "a,note,by,hand\n";
    earlier.files.edit(path, old + users);
  }
  SECTION("A line was deleted") {
    users = without_second_line(old);
    if (format == Format::json) users = old.substr(0, 40);  // the rest is torn
    earlier.files.edit(path, users);
    users.resize(users.size() - (format == Format::json ? 0 : file_format(format).closing.size()));
  }
  SECTION("The whole content was replaced by another, longer one") {
    users = std::string(2 * old.size(), '?') + "\n";
    earlier.files.edit(path, users);
  }
  SECTION("The file was replaced by a copy") {
    earlier.files.put(path, old);
    users = old.substr(0, old.size() - file_format(format).closing.size());
  }
  SECTION("The file was replaced by something else") {
    users = "{\"something\": \"else\"}\n";
    earlier.files.put(path, users);
  }
  SECTION("The file was emptied") {
    users.clear();
    earlier.files.edit(path, "");
  }
  SECTION("The file was deleted") {
    users.clear();
    earlier.files.take_away(path);
  }

  earlier.start_and_log("#new");
  CHECK(earlier.is_kept(users));
  const Payloads written = payloads_in(earlier.files, format);
  REQUIRE_FALSE(written.empty());
  CHECK(written.back() == "#new");
  for (const Format other : kAllFormats) {
    if (other == format) continue;
    Payloads expected{"#old 1", "#old 2", "#old 3"};
    if (was_killed) expected.emplace_back("#pending");
    expected.emplace_back("#new");
    CHECK(payloads_in(earlier.files, other) == expected);
  }
}

TEST_CASE("An export that is not asked for any more is made whole if the last run tore it") {
  const QuietLog quiet;
  EarlierRun earlier{false};
  const Format format = GENERATE(Format::csv, Format::json, Format::jsonl);
  const std::string before = earlier.files.content(earlier.path(format));
  {
    LoggerRun run{earlier.journal.map(), earlier.files, earlier.options};
    REQUIRE(run.append("#torn") == AppendResult::appended);
    earlier.files.freeze_after(format == Format::csv ? 30 : format == Format::json ? 130 : 260);
    const std::vector<std::byte> uncommitted = earlier.journal.bytes();
    static_cast<void>(run.step());
    earlier.journal.bytes() = uncommitted;
    earlier.files.thaw();
  }
  REQUIRE(earlier.files.content(earlier.path(format)) != before);
  std::erase(earlier.options.formats, format);
  earlier.start_and_log("#new");
  CHECK(earlier.files.content(earlier.path(format)) == before);
  CHECK(earlier.files.names().size() == std::size(kAllFormats));

  SECTION("and continued when it is asked for again") {
    earlier.options = make_options();
    earlier.start_and_log("#newer");
    CHECK(payloads_in(earlier.files, format) == Payloads{"#old 1", "#old 2", "#old 3", "#newer"});
  }
}

TEST_CASE("The torn end that a power failure leaves is kept, unless there is nothing in it") {
  const QuietLog quiet;
  EarlierRun earlier{true};
  pretend_restart(earlier.journal.bytes());
  const std::string whole = earlier.files.content("exports/data.csv");
  const bool is_empty = GENERATE(false, true);
  const std::string torn =
      is_empty ? std::string(200'000, '\0') : std::string(100'000, '\0') + "2026-11-20T15";
  earlier.files.edit("exports/data.csv", whole + torn);
  earlier.start_and_log("#new");
  CHECK(payloads_in(earlier.files, Format::csv).back() == "#new");
  CHECK(earlier.files.names().size() == std::size(kAllFormats) + (is_empty ? 0 : 1));
  CHECK((is_empty || earlier.is_kept(torn)));
}

TEST_CASE(
    "Killed between write and commit, an export is known by its content on a device of another number") {
  const QuietLog quiet;
  const bool had_restart = GENERATE(false, true);
  const bool is_copy = GENERATE(false, true);
  EarlierRun earlier{false};
  {
    LoggerRun run{earlier.journal.map(), earlier.files, earlier.options};
    for (int number = 0; number < 10; ++number)
      REQUIRE(run.append("#new " + std::to_string(number)) == AppendResult::appended);
    const std::vector<std::byte> uncommitted = earlier.journal.bytes();
    static_cast<void>(run.step());
    earlier.journal.bytes() = uncommitted;
  }
  if (had_restart) pretend_restart(earlier.journal.bytes());
  earlier.files.set_volume(7);
  if (is_copy) {
    for (const std::string& name : earlier.files.names())
      earlier.files.put(name, earlier.files.content(name));
  }
  earlier.start_and_log("#last");
  Payloads expected{"#old 1", "#old 2", "#old 3"};
  for (int number = 0; number < 10; ++number) expected.push_back("#new " + std::to_string(number));
  expected.emplace_back("#last");
  for (const Format format : kAllFormats) CHECK(payloads_in(earlier.files, format) == expected);
  CHECK(earlier.files.names().size() == std::size(kAllFormats));
}
