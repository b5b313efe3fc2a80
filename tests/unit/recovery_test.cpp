#include "mqtt_logger/exports/recovery.hpp"

#include "mqtt_logger/base/error.hpp"
#include "mqtt_logger/format/csv.hpp"

#include "support/catch.hpp"
#include "support/journal_device.hpp"
#include "support/logger_run.hpp"
#include "support/quiet_log.hpp"

#include <algorithm>
#include <string>

using namespace mqtt_logger;
using namespace mqtt_logger::test;

namespace {

/// A file of any size that holds something at its beginning and its end only, and counts what is read of it.
class HugeFile final : public File {
 public:
  HugeFile(std::uint64_t size, std::string begin, std::string end, std::uint64_t& bytes_read)
      : size_{size}, begin_{std::move(begin)}, end_{std::move(end)}, bytes_read_{bytes_read} {}

  std::error_code write_at(std::uint64_t, std::string_view) noexcept override { return {}; }
  std::error_code read_at(std::uint64_t offset, std::span<char> buffer,
                          std::size_t& count) noexcept override {
    count = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), size_ - std::min(size_, offset)));
    bytes_read_ += count;
    for (std::size_t i = 0; i < count; ++i) buffer[i] = byte_at(offset + i);
    return {};
  }
  std::error_code truncate(std::uint64_t) noexcept override { return {}; }
  std::error_code lock() noexcept override { return {}; }
  std::error_code sync() noexcept override { return {}; }
  std::error_code size(std::uint64_t& size) noexcept override {
    size = size_;
    return {};
  }
  std::error_code identity(FileIdentity& identity) noexcept override {
    identity = {1, 1};
    return {};
  }

 private:
  [[nodiscard]] char byte_at(std::uint64_t at) const noexcept {
    if (at < begin_.size()) return begin_[static_cast<std::size_t>(at)];
    if (at >= size_ - end_.size()) return end_[static_cast<std::size_t>(at - (size_ - end_.size()))];
    return 'x';
  }

  std::uint64_t size_;
  std::string begin_;
  std::string end_;
  std::uint64_t& bytes_read_;
};

/// Has a huge CSV export, and nothing else.
class HugeFiles final : public FileSystem {
 public:
  HugeFiles(std::string begin, std::string end) : begin_{std::move(begin)}, end_{std::move(end)} {}

  std::error_code open(const std::filesystem::path& path, std::unique_ptr<File>& file) override {
    if (path.extension() != ".csv") return std::make_error_code(std::errc::no_such_file_or_directory);
    file = std::make_unique<HugeFile>(kSize, begin_, end_, bytes_read);
    return {};
  }
  std::error_code create(const std::filesystem::path&, std::unique_ptr<File>& file) override {
    file = std::make_unique<HugeFile>(0, "", "", bytes_read);
    return {};
  }
  std::error_code set_aside(const std::filesystem::path&, const std::filesystem::path&) override {
    is_set_aside = true;
    return {};
  }
  std::error_code copy_attributes(const std::filesystem::path&, const std::filesystem::path&) override {
    return std::make_error_code(std::errc::not_supported);
  }
  std::error_code look_up(const std::filesystem::path&, FileStatus&) override { return {}; }
  std::error_code list(const std::filesystem::path&, std::vector<std::filesystem::path>&) override {
    return std::make_error_code(std::errc::not_supported);
  }
  std::error_code remove(const std::filesystem::path&) override {
    return std::make_error_code(std::errc::not_supported);
  }
  std::error_code free_space(const std::filesystem::path&, std::uint64_t&) override {
    return std::make_error_code(std::errc::not_supported);
  }
  std::error_code create_folders(const std::filesystem::path&) override { return {}; }
  std::error_code sync_folder(const std::filesystem::path&) override { return {}; }

  static constexpr std::uint64_t kSize = std::uint64_t{2} << 30;
  std::uint64_t bytes_read = 0;
  bool is_set_aside = false;

 private:
  std::string begin_;
  std::string end_;
};

const std::string kRecordEnd = "\n2026-11-20T15:36:01.123456Z,a/b,1,json,0,false\n";

}  // namespace

TEST_CASE("Exports that are missing, empty or empty are begun") {
  MemoryFiles files;
  JournalMemory journal{4096};
  files.put("exports/data.csv", GENERATE(as<std::string>{}, "", "timest", std::string(20, '\0')));
  files.put("exports/data.json", GENERATE(as<std::string>{}, "", "[", "[\n"));
  LoggerRun run{journal.map(), files, make_options()};
  REQUIRE(run.append("#1") == AppendResult::appended);
  run.drain();
  for (const Format format : kAllFormats) CHECK(payloads_in(files, format) == Payloads{"#1"});
  CHECK(files.names().size() == std::size(kAllFormats));
}

TEST_CASE("Exports without a journal are continued at their end, or kept aside if their end is torn") {
  const QuietLog quiet;
  MemoryFiles files;
  {
    JournalMemory first{4096};
    LoggerRun run{first.map(), files, make_options()};
    REQUIRE(run.append("#1") == AppendResult::appended);
    run.drain();
  }
  const std::string whole = files.content("exports/data.json");
  const auto missing_bytes = GENERATE(0u, 1u, 2u, 3u, 10u);
  files.edit("exports/data.json", whole.substr(0, whole.size() - missing_bytes));
  JournalMemory second{4096};
  LoggerRun run{second.map(), files, make_options()};
  REQUIRE(run.append("#2") == AppendResult::appended);
  run.drain();
  CHECK(payloads_in(files, Format::csv) == Payloads{"#1", "#2"});
  CHECK(payloads_in(files, Format::json) == (missing_bytes == 0 ? Payloads{"#1", "#2"} : Payloads{"#2"}));
  CHECK(files.names().size() == std::size(kAllFormats) + (missing_bytes == 0 ? 0 : 1));
}

TEST_CASE("Recovery of a huge export reads its beginning and its end only") {
  const QuietLog quiet;
  JournalMemory memory{4096};
  Journal journal{memory.map()};
  Options options = make_options();
  options.formats = {Format::csv};

  SECTION("One that can be continued") {
    HugeFiles files{std::string{kCsvHeader}, kRecordEnd};
    const auto sinks = recover(files, options, journal);
    CHECK(sinks.front().body_size() == HugeFiles::kSize);
    CHECK(files.bytes_read < 1'000'000);
  }
  SECTION("One that is not ours") {
    HugeFiles files{std::string{kCsvHeader}, "x\n"};
    const auto sinks = recover(files, options, journal);
    CHECK(files.is_set_aside);
    CHECK(files.bytes_read < 1'000'000);
  }
  SECTION("One that the journal knows, but not with so long a tail") {
    HugeFiles files{std::string{kCsvHeader}, kRecordEnd};
    Checkpoint checkpoint;
    checkpoint.sinks[0] = {true, {1, 1}, kCsvHeader.size(), 0, 0};
    journal.commit(checkpoint);
    REQUIRE(journal.append(make_message("a", "1"), 0, false) == AppendResult::appended);
    const auto sinks = recover(files, options, journal);
    CHECK(sinks.front().body_size() == HugeFiles::kSize);
    CHECK(files.bytes_read < 1'000'000);
  }
}

TEST_CASE("An export for which there is no room is tried again, for as long as that is wanted") {
  const QuietLog quiet;
  MemoryFiles files;
  JournalMemory memory{4096};
  Journal journal{memory.map()};
  const Options options = make_options();
  const auto call = GENERATE(range(0, 12));
  const auto failures = GENERATE(1u, 3u);
  files.fail(static_cast<std::uint64_t>(call), failures, std::errc::no_space_on_device);
  unsigned asked = 0;
  const TryAgain try_again = [&asked](const std::error_code& error, const std::string& what) {
    CHECK(error == std::errc::no_space_on_device);
    CHECK(what.find("exports/data.") != std::string::npos);
    return ++asked < 100;
  };
  try {
    const auto sinks = recover(files, options, journal, try_again);
    CHECK(asked == failures);
    CHECK(files.names().size() == std::size(kAllFormats));
  } catch (const StartupError& error) {  // what is not asked again: to open, to look, to sync
    CHECK(asked < failures);
  }
}

TEST_CASE("An export that cannot be opened, made or synced stops the start, and the next one succeeds") {
  const QuietLog quiet;
  MemoryFiles files;
  JournalMemory journal{4096};
  const auto call = GENERATE(range(0, 18));
  files.fail(static_cast<std::uint64_t>(call), 1, std::errc::no_space_on_device);
  try {
    const LoggerRun run{journal.map(), files, make_options()};
  } catch (const StartupError& error) {
    // A service is started again after a sync for which there was no room: it may be there then.
    const bool is_of_sync = std::string{error.what()}.find("brought to the device") != std::string::npos;
    CHECK(error.exit_code() == (is_of_sync ? ExitCode::something_pending : ExitCode::output_unusable));
  }
  files.stop_failing();
  LoggerRun run{journal.map(), files, make_options()};
  REQUIRE(run.append("#1") == AppendResult::appended);
  run.drain();
  for (const Format format : kAllFormats) CHECK(payloads_in(files, format) == Payloads{"#1"});
  CHECK(files.names().size() == std::size(kAllFormats));
}
