#include "mqtt_logger/format/pieces.hpp"

#include "support/catch.hpp"
#include "support/journal_device.hpp"
#include "support/logger_run.hpp"
#include "support/quiet_log.hpp"
#include "support/stride.hpp"

#include <map>
#include <string>
#include <vector>

using namespace mqtt_logger;
using namespace mqtt_logger::test;

namespace {

constexpr std::uint64_t kLongRingBytes = std::uint64_t{4} * 1024 * 1024;

/// Where a file can end: around the begin and the end of the record, around each piece, and in between.
std::vector<std::size_t> ends(std::size_t begin, std::size_t end) {
  std::vector<std::size_t> found;
  for (std::size_t at = begin; at < end; at += kStride * 5 * Pieces::kPieceBytes + 1) {
    for (const std::size_t beside : {at, at + 1, at + 77}) found.push_back(std::min(beside, end));
  }
  for (std::size_t before = 0; before < 5; ++before) found.push_back(end - before);
  return found;
}

}  // namespace

TEST_CASE("A long record that was interrupted is written again, and nothing is lost or doubled") {
  const QuietLog quiet;
  const std::string payload = GENERATE(std::string(FileSink::kLongBytes, '\x01'),
                                       std::string(FileSink::kLongBytes, 'x') + " \"q\", two\nlines");
  const bool had_restart = GENERATE(false, true);
  JournalMemory journal{kLongRingBytes};
  MemoryFiles files;
  std::map<Format, std::string> before;
  std::map<Format, std::string> after;
  const auto contents = [&files] {
    std::map<Format, std::string> found;
    for (const Format format : kAllFormats)
      found[format] = files.content(export_path(make_options().output, format));
    return found;
  };
  std::vector<std::byte> uncommitted;
  {
    LoggerRun run{journal.map(), files, make_options()};
    REQUIRE(run.append("#1") == AppendResult::appended);
    run.drain();
    run.sync();
    for (const std::string& text : {std::string{"#2"}, payload, std::string{"#4"}})
      REQUIRE(run.append(text) == AppendResult::appended);
    before = contents();
    uncommitted = journal.bytes();
    run.drain();
    after = contents();
  }
  if (had_restart) pretend_restart(uncommitted);
  const Payloads expected{"#1", "#2", payload, "#4"};
  for (const Format format : kAllFormats) {
    const std::size_t begin = before[format].size() - file_format(format).closing.size();
    for (const std::size_t size : ends(begin, after[format].size())) {
      INFO("format " << static_cast<int>(format) << ", " << size << " of " << after[format].size());
      journal.bytes() = uncommitted;
      for (const Format each : kAllFormats) {
        const std::string& content = each < format ? after[each] : before[each];
        files.edit(export_path(make_options().output, each), content);
      }
      files.edit(export_path(make_options().output, format), after[format].substr(0, size));
      LoggerRun run{journal.map(), files, make_options()};
      CHECK(run.journal().open_report().had_restart == had_restart);
      run.drain();
      for (const Format each : kAllFormats) REQUIRE((payloads_in(files, each) == expected));
      for (const std::string& name : files.names()) {
        REQUIRE(name.find("aside") == std::string::npos);
        if (name.find("cut-") != std::string::npos) files.take_away(name);
      }
    }
  }
}
