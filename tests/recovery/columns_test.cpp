#include "support/catch.hpp"
#include "support/journal_device.hpp"
#include "support/logger_run.hpp"
#include "support/quiet_log.hpp"
#include "support/stride.hpp"

#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

using namespace mqtt_logger;
using namespace mqtt_logger::test;

namespace {

std::vector<Column> columns_at(std::initializer_list<const char*> pointers) {
  std::vector<Column> columns;
  for (const char* pointer : pointers)
    columns.push_back({"at " + std::string{pointer} + ",\"quoted\"", JsonPointer::parse(pointer)});
  return columns;
}

// What column values do to lines of CSV: commas, quotation marks and line breaks at both ends of them.
std::string payload_of(int number) {
  return R"({"number":)" + std::to_string(number) + R"(,"a":"\",\n\"","b":["x,y",)" + "\n" +
         R"({}],"c":"\",text,0,true"})";
}

Payloads payloads_of(int begin, int end) {
  Payloads payloads;
  for (int number = begin; number < end; ++number) payloads.push_back(payload_of(number));
  return payloads;
}

/// JSON payloads as nlohmann's writer spells them, because the reader of the tests does.
Payloads normalized(Payloads payloads) {
  for (std::string& payload : payloads) payload = nlohmann::json::parse(payload).dump();
  return payloads;
}

/// The payloads of all files of a format, those that were moved aside first.
Payloads read_all(const MemoryFiles& files, Format format) {
  std::vector<std::string> names;
  for (const std::string& name : files.names()) {
    if (name.ends_with(file_format(format).extension)) names.push_back(name);
  }
  std::ranges::sort(names, {}, [](const std::string& name) {
    return std::tuple{name.find(".aside-") == std::string::npos, name.size(), name};
  });
  Payloads all;
  for (const std::string& name : names) {
    const auto payloads = read_payloads(format, files.content(name));
    INFO(name << ":\n" << files.content(name));
    REQUIRE(payloads);
    all.insert(all.end(), payloads->begin(), payloads->end());
  }
  return normalized(all);
}

bool is_aside(const std::string& name) {
  return name.find(".aside-") != std::string::npos;
}

}  // namespace

TEST_CASE(
    "Columns: an export is continued with the same ones, and after a stop a CSV with others is moved aside") {
  const QuietLog quiet;
  const auto before = GENERATE(columns_at({}), columns_at({"/a"}), columns_at({"/b", "/c"}));
  const auto after = GENERATE(columns_at({}), columns_at({"/a"}), columns_at({"/c", "/b"}));
  MemoryFiles files;
  JournalMemory journal{8192};
  Options options = make_options();
  options.columns = before;
  for (int begin = 0; begin < 4; begin += 2) {
    LoggerRun run{journal.map(), files, options};
    for (const std::string& payload : payloads_of(begin, begin + 2))
      REQUIRE(run.append(payload) == AppendResult::appended);
    run.stop();
    options.columns = after;
  }
  for (const Format format : kAllFormats) CHECK(read_all(files, format) == normalized(payloads_of(0, 4)));
  CHECK(files.names().size() == std::size(kAllFormats) + (before == after ? 0 : 1));
}

TEST_CASE("Columns: killed at any byte, and started with others, the logger has each record once") {
  const QuietLog quiet;
  const auto before =
      GENERATE(columns_at({}), columns_at({"/a", "/b", "/c", "/none"}), columns_at({"", "/number"}));
  const auto after = GENERATE(columns_at({}), columns_at({"/a", "/b", "/c", "/none"}));
  const bool had_restart = GENERATE(false, true);
  const bool has_rotation = GENERATE(false, true);
  std::size_t aside = 0;
  bool is_torn = true;
  for (std::uint64_t killed_after = 0; is_torn; killed_after += 7 * kStride) {
    INFO("columns " << before.size() << " then " << after.size() << ", restart " << had_restart
                    << ", rotation " << has_rotation << ", killed after " << killed_after << " bytes");
    MemoryFiles files;
    JournalMemory journal{8192};
    Options options = make_options();
    options.columns = before;
    if (has_rotation) options.rotate_size_bytes = 1'000'000;
    {
      LoggerRun run{journal.map(), files, options};
      REQUIRE(run.append(payload_of(0)) == AppendResult::appended);
      run.drain();
      for (const std::string& payload : payloads_of(1, 4))
        REQUIRE(run.append(payload) == AppendResult::appended);
      const std::vector<std::byte> uncommitted = journal.bytes();
      files.freeze_after(killed_after);
      run.drain();
      is_torn = files.is_frozen();
      files.thaw();
      journal.bytes() = uncommitted;
    }
    if (had_restart) pretend_restart(journal.bytes());
    options.columns = after;
    {
      LoggerRun run{journal.map(), files, options};
      REQUIRE(run.append(payload_of(4)) == AppendResult::appended);
      run.stop();
    }
    for (const std::string& name : files.names()) {
      aside += is_aside(name) ? 1 : 0;
      // After a power failure the torn end is kept as well.
      if (name.find(".cut-") != std::string::npos) files.remove(name);
    }
    for (const Format format : kAllFormats) {
      INFO(file_format(format).extension);
      REQUIRE(read_all(files, format) == normalized(payloads_of(0, 5)));
    }
  }
  CHECK((aside > 0) == (before != after && !has_rotation));
}
