#include "mqtt_logger/journal/layout.hpp"

#include "journal/header.hpp"
#include "support/catch.hpp"
#include "support/logger_run.hpp"
#include "support/quiet_log.hpp"
#include "support/stride.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <set>

using namespace mqtt_logger;
using namespace mqtt_logger::test;

namespace {

constexpr std::uint64_t kRingBytes = 4096;

std::string quoted_payload_of(int number) {
  return "#" + std::to_string(number) + " \"quoted\", two\nlines and \x01";
}

Payloads payloads_from(int begin, int end) {
  Payloads payloads;
  for (int number = begin; number < end; ++number) payloads.push_back(quoted_payload_of(number));
  return payloads;
}

/// A run that was killed while it wrote a batch: records 1 to 5 are behind the checkpoint, 6 to 9 in the
/// batch.
struct InterruptedRun {
  JournalMemory journal{kRingBytes};
  MemoryFiles files;
  std::map<Format, std::string> before;  // the exports, before the batch and with it
  std::map<Format, std::string> after;
  int begin;
  int end;

  explicit InterruptedRun(int records_before) : begin{1 + records_before}, end{begin + 4} {
    LoggerRun run{journal.map(), files, make_options()};
    for (int number = 1; number < begin; ++number) append(run, number);
    run.drain();
    for (int number = begin; number < end; ++number) append(run, number);
    before = contents();
    const std::vector<std::byte> uncommitted = journal.bytes();
    run.drain();
    after = contents();
    journal.bytes() = uncommitted;
  }

  static void append(LoggerRun& run, int number) {
    REQUIRE(run.append(quoted_payload_of(number), QoS::at_least_once, static_cast<PacketId>(number)) ==
            AppendResult::appended);
  }
  std::map<Format, std::string> contents() const {
    std::map<Format, std::string> contents;
    for (const Format format : kAllFormats)
      contents[format] = files.content(export_path(make_options().output, format));
    return contents;
  }
  void put(Format format, std::string bytes) {
    files.edit(export_path(make_options().output, format), std::move(bytes));
  }
  std::size_t body_size(Format format) const {
    return before.at(format).size() - file_format(format).closing.size();
  }
};

/// Puts a region back as it was without copying a whole journal each time.
class Restorer {
 public:
  explicit Restorer(std::vector<std::byte>& bytes) : bytes_{bytes}, saved_{bytes} {}
  void restore() {
    for (const auto& [begin, end] :
         {std::pair{std::size_t{0}, layout::kReceivedBits}, std::pair{layout::kRing, bytes_.size()}}) {
      std::memcpy(&bytes_[begin], &saved_[begin], end - begin);
    }
    const bool are_rows_changed = std::memcmp(&bytes_[layout::kRows], &saved_[layout::kRows], 256 * 16) != 0;
    if (are_rows_changed) bytes_ = saved_;
  }

 private:
  std::vector<std::byte>& bytes_;
  std::vector<std::byte> saved_;
};

void flip(std::vector<std::byte>& bytes, std::size_t bit) {
  bytes[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
}

/// Starts and drains, on a copy of the files; what the journal's open_report were, or nothing where the
/// journal is not to be opened.
std::optional<OpenReport> start_and_drain(InterruptedRun& interrupted, MemoryFiles& files) {
  files.edit("exports/data.csv", interrupted.before.at(Format::csv));
  files.edit("exports/data.json", interrupted.before.at(Format::json));
  files.edit("exports/data.jsonl", interrupted.before.at(Format::jsonl));
  for (const std::string& name : files.names()) {
    if (name.find("aside") != std::string::npos || name.find("cut") != std::string::npos)
      files.take_away(name);
  }
  if (check_header(interrupted.journal.bytes()) != HeaderState::usable) return std::nullopt;
  LoggerRun run{interrupted.journal.map(), files, make_options()};
  const OpenReport open_report = run.journal().open_report();
  run.drain();
  return open_report;
}

}  // namespace

TEST_CASE("A batch that was interrupted after any byte is written again, and nothing is lost or doubled") {
  const QuietLog quiet;
  InterruptedRun interrupted{GENERATE(0, 5)};
  Restorer journal{interrupted.journal.bytes()};
  const Payloads expected = payloads_from(1, interrupted.end);
  for (std::size_t torn = 0; torn < std::size(kAllFormats); ++torn) {
    const Format format = kAllFormats[torn];
    const std::string& before = interrupted.before[format];
    const std::string& after = interrupted.after[format];
    for (std::size_t size = interrupted.body_size(format); size <= after.size(); size += kStride) {
      for (const bool is_cut_back : {false, true}) {
        INFO("format " << torn << ", " << size << " of " << after.size() << ", cut back " << is_cut_back);
        journal.restore();
        for (std::size_t i = 0; i < std::size(kAllFormats); ++i) {
          interrupted.put(kAllFormats[i],
                          i < torn ? interrupted.after[kAllFormats[i]] : interrupted.before[kAllFormats[i]]);
        }
        // What was not overwritten is the old closing, unless the write failed and was being cut back.
        std::string content = after.substr(0, size);
        if (content.size() < before.size()) content += before.substr(content.size());
        if (is_cut_back) content.resize(before.size());
        interrupted.put(format, content);

        LoggerRun run{interrupted.journal.map(), interrupted.files, make_options()};
        run.drain();
        CHECK(run.step() == Writer::StepResult::idle);
        for (const Format each : kAllFormats) REQUIRE(payloads_in(interrupted.files, each) == expected);
        REQUIRE(interrupted.files.names().size() == std::size(kAllFormats));  // nothing was moved aside
      }
    }
  }
}

TEST_CASE("An export that was cut anywhere is continued or kept aside, and is valid in any case") {
  const QuietLog quiet;
  InterruptedRun interrupted{5};
  Restorer journal{interrupted.journal.bytes()};
  for (const Format format : kAllFormats) {
    const std::string whole = interrupted.after[format];
    for (std::size_t size = 0; size <= whole.size(); size += kStride) {
      INFO(file_format(format).extension << " cut to " << size << " of " << whole.size());
      journal.restore();
      MemoryFiles files = interrupted.files;
      const std::filesystem::path path = export_path(make_options().output, format);
      files.edit(path, whole.substr(0, size));
      LoggerRun run{interrupted.journal.map(), files, make_options()};
      run.drain();

      const Payloads pending = payloads_from(interrupted.begin, interrupted.end);
      const Payloads written = payloads_in(files, format);
      REQUIRE(written.size() >= pending.size());
      CHECK(std::equal(pending.begin(), pending.end(), written.end() - std::ssize(pending)));
      CHECK(std::set<std::string>(written.begin(), written.end()).size() == written.size());
      // What stood before the batch is the user's; it is in place or aside.
      const std::string kept = whole.substr(0, std::min(size, interrupted.body_size(format)));
      const auto names = files.names();
      CHECK(std::ranges::any_of(names, [&](const std::string& name) {
        return name.ends_with(path.extension().string()) && files.content(name).starts_with(kept);
      }));
    }
  }
}

TEST_CASE("A journal that was cut after any byte is known as damaged, and never opened") {
  InterruptedRun interrupted{5};
  const std::span<const std::byte> bytes{interrupted.journal.bytes()};
  CHECK(check_header(bytes) == HeaderState::usable);
  for (std::size_t size = 1; size < bytes.size(); size += kStride) {
    if (check_header(bytes.first(size)) != HeaderState::damaged) FAIL("cut to " << size);
  }
  const std::vector<std::byte> zeros(bytes.size());
  CHECK(check_header(zeros) == HeaderState::usable);  // made, and nothing written yet
  CHECK(check_header(std::span{zeros}.first(zeros.size() - 1)) == HeaderState::damaged);
  CHECK(check_header(std::as_bytes(std::span{std::string_view{"a diary"}})) == HeaderState::foreign);
}

TEST_CASE("No flipped bit of the journal's ring loses a record in silence") {
  const QuietLog quiet;
  InterruptedRun interrupted{5};
  Restorer journal{interrupted.journal.bytes()};
  MemoryFiles files = interrupted.files;
  const Payloads expected = payloads_from(1, interrupted.end);
  for (std::size_t bit = layout::kRing * 8; bit < interrupted.journal.bytes().size() * 8; bit += kStride) {
    journal.restore();
    flip(interrupted.journal.bytes(), bit);
    const auto open_report = start_and_drain(interrupted, files);
    if (!open_report) FAIL("bit " << bit << " of the ring makes the journal unusable");
    const bool is_reported = open_report->skipped_bytes != 0 || open_report->lost_records != 0;
    for (const Format format : kAllFormats) {
      const Payloads written = payloads_in(files, format);
      if (!is_reported && written != expected) FAIL("bit " << bit - layout::kRing * 8 << " of the ring");
      if (is_reported && written.size() >= expected.size()) FAIL("bit " << bit << " is reported for nothing");
    }
  }
}

TEST_CASE("No flipped bit of the journal's header leaves an export that cannot be read") {
  const QuietLog quiet;
  InterruptedRun interrupted{5};
  Restorer journal{interrupted.journal.bytes()};
  MemoryFiles files = interrupted.files;
  const auto check_flip = [&](std::size_t bit) {
    INFO("bit " << bit % 8 << " of byte " << bit / 8);
    journal.restore();
    flip(interrupted.journal.bytes(), bit);
    if (!start_and_drain(interrupted, files)) return;  // moved aside, or left alone: see open_journal_test
    for (const Format format : kAllFormats) {
      const Payloads written = payloads_in(files, format);
      const Payloads before = payloads_from(1, interrupted.begin);
      if (!std::equal(before.begin(), before.end(), written.begin(),
                      written.begin() + std::min(std::ssize(written), std::ssize(before)))) {
        FAIL("what was written is lost");
      }
    }
  };
  for (std::size_t bit = 0; bit < layout::kReceivedBits * 8; bit += kStride) check_flip(bit);
  for (std::size_t bit = layout::kReceivedBits * 8; bit < layout::kRing * 8; bit += 997 * 8 + 1)
    check_flip(bit);
}
