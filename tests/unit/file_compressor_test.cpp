#include "mqtt_logger/housekeeping/file_compressor.hpp"

#include "mqtt_logger/exports/series_name.hpp"

#include "support/catch.hpp"
#include "support/memory_files.hpp"

#include <algorithm>
#include <limits>
#include <memory>
#include <random>
#include <string>

using namespace mqtt_logger;
using namespace mqtt_logger::test;

namespace {

using Result = FileCompressor::Result;

const std::filesystem::path kPlain{"exports/data-20261120T153601Z.csv"};
const std::filesystem::path kGzip = compressed_path(kPlain);
const std::filesystem::path kPart = part_path(kPlain);
constexpr auto kForever = std::numeric_limits<std::uint64_t>::max();

/// Several pieces long; half of it can be compressed.
std::string make_content() {
  std::mt19937_64 random{7};
  std::string content;
  while (content.size() < 600'000) content += "sensors/a," + std::to_string(random()) + '\n';
  return content;
}

Result replace(
    MemoryFiles& files, const MayGoOn& may_go_on = [] { return true; }) {
  return FileCompressor{files, may_go_on}.replace(kPlain, [&files] { return files.remove(kPlain); });
}

/// Whether the compressed file holds this, by the program's own reading.
bool holds(MemoryFiles& files, const std::string& content) {
  files.put("expected", content);
  std::unique_ptr<File> expected;
  std::unique_ptr<File> compressed;
  bool is_same = false;
  REQUIRE_FALSE(files.open("expected", expected));
  if (files.open(kGzip, compressed)) return false;
  REQUIRE_FALSE(compare(
      *expected, *compressed, [] { return true; }, is_same));
  files.take_away("expected");
  return is_same;
}

void require_one_whole(MemoryFiles& files, const std::string& content) {
  if (files.has(kPlain)) {
    REQUIRE(files.content(kPlain) == content);
  } else {
    REQUIRE(holds(files, content));
  }
}

}  // namespace

TEST_CASE("A compressed file takes the place of the original, also of an empty one") {
  const std::string content = GENERATE(as<std::string>{}, "", "a", make_content());
  MemoryFiles files;
  files.put(kPlain, content);
  CHECK(replace(files) == Result::done);
  CHECK(files.names() == std::vector<std::string>{kGzip.string()});
  CHECK(files.content(kGzip).substr(0, 3) == "\x1F\x8B\x08");
  CHECK(holds(files, content));
  CHECK_FALSE(holds(files, content + "a"));
  CHECK((content.empty() || !holds(files, content.substr(1))));
}

TEST_CASE("Whatever call fails, one whole file is there, no part is left, and the next attempt succeeds") {
  const std::string content = make_content();
  for (std::uint64_t call = 0;; ++call) {
    CAPTURE(call);
    MemoryFiles files;
    files.put(kPlain, content);
    files.fail(call, 1, std::errc::no_space_on_device);
    const Result result = replace(files);
    const bool has_failed = files.has_failed();
    files.stop_failing();
    require_one_whole(files, content);
    REQUIRE_FALSE(files.has(kPart));
    if (result != Result::done) REQUIRE(replace(files) == Result::done);
    REQUIRE(holds(files, content));
    if (!has_failed) break;
  }
}

TEST_CASE("Killed anywhere, and without power, one whole file is left, and the next start goes on") {
  const std::string content = make_content();
  std::mt19937_64 random{11};
  for (std::uint64_t call = 0; call < 40; ++call) {
    CAPTURE(call);
    MemoryFiles files;
    files.put(kPlain, content);
    files.sync_all();
    files.fail(call, kForever - call, std::errc::io_error);  // from here on it does nothing more
    static_cast<void>(replace(files));
    files.stop_failing();
    if (random() % 2 == 0) files.cut_power(random);
    require_one_whole(files, content);
    if (!files.has(kPlain)) continue;
    REQUIRE(replace(files) == Result::done);
    REQUIRE(holds(files, content));
  }
}

TEST_CASE("When it is done, the original is gone from the device, too") {
  const std::string content = make_content();
  MemoryFiles files;
  files.put(kPlain, content);
  files.sync_all();
  REQUIRE(files.on_device(kPlain) == content);
  REQUIRE(replace(files) == Result::done);
  CHECK(files.on_device(kPlain).empty());
  CHECK_FALSE(files.on_device(kGzip).empty());
}

TEST_CASE("The original goes only when the compressed file and its name are on the device") {
  const std::string content = make_content();
  const bool is_same_run = GENERATE(true, false);
  for (std::uint64_t failing = 1; failing <= 3; ++failing) {
    INFO(failing << " syncs fail");
    MemoryFiles files;
    files.put(kPlain, content);
    files.sync_all();
    const auto remove = [&files] { return files.remove(kPlain); };
    const auto make_compressor = [&files] {
      return std::make_unique<FileCompressor>(files, [] { return true; });
    };
    auto compressor = make_compressor();
    files.fail_syncs(failing, std::errc::io_error);
    int attempts = 0;
    while (compressor->replace(kPlain, remove) != Result::done) {
      REQUIRE(files.has(kPlain));
      REQUIRE(++attempts < 10);
      if (!is_same_run) compressor = make_compressor();
    }
    CHECK(files.on_device(kGzip) == files.content(kGzip));
    CHECK(holds(files, content));
  }
  MemoryFiles files;  // only the name fails
  files.put(kPlain, content);
  files.sync_all();
  auto compressor = std::make_unique<FileCompressor>(files, [] { return true; });
  const auto fail_to_remove = [] { return std::make_error_code(std::errc::io_error); };
  REQUIRE(compressor->replace(kPlain, fail_to_remove) == Result::failed);
  files.fail(0, 100, std::errc::io_error);
  REQUIRE(compressor->replace(kPlain, fail_to_remove) == Result::failed);
  files.stop_failing();
  REQUIRE(replace(files) == Result::done);
  CHECK(files.on_device(kGzip) == files.content(kGzip));
}

TEST_CASE("A compression is broken off when asked, and leaves nothing beside the original") {
  MemoryFiles files;
  files.put(kPlain, make_content());
  int pieces = GENERATE(0, 1, 2, 3, 4);
  CHECK(replace(files, [&pieces] { return pieces-- > 0; }) == Result::canceled);
  CHECK(files.has(kPlain));
  CHECK_FALSE(files.has(kPart));
  CHECK(replace(files) == Result::done);
}

TEST_CASE(
    "What a crash left is taken on: a part is started again, a whole file is believed only if it is the "
    "same") {
  const std::string content = make_content();
  MemoryFiles files;
  files.put(kPlain, content);
  SECTION("a part") {
    REQUIRE(replace(files) == Result::done);
    const std::string whole = files.content(kGzip);
    files.take_away(kGzip);
    files.put(kPlain, content);
    const auto length = GENERATE(as<std::size_t>{}, 0, 1, 5, 20, 5'000, 100'000);
    std::string half = whole.substr(0, length);
    if (GENERATE(false, true)) std::fill_n(half.begin(), std::min<std::size_t>(half.size(), 4096), '\0');
    files.put(kPart, half);
    CHECK(replace(files) == Result::done);
  }
  SECTION("somebody's in the place of a part") {
    files.put(kPart, "somebody's");
    CHECK(replace(files) == Result::failed);
    CHECK(files.content(kPart) == "somebody's");
    CHECK(files.content(kPlain) == content);
    return;
  }
  SECTION("both") {
    REQUIRE(replace(files) == Result::done);
    files.put(kPlain, content);
    CHECK(replace(files) == Result::done);
  }
  SECTION("something else") {
    const std::string other = GENERATE(as<std::string>{}, "", "somebody's", std::string(100'000, '\0'));
    files.put(kGzip, other);
    CHECK(replace(files) == Result::in_the_way);
    CHECK(files.content(kPlain) == content);
    CHECK(files.content(kGzip) == other);
    return;
  }
  SECTION("damaged") {
    REQUIRE(replace(files) == Result::done);
    std::string damaged = files.content(kGzip);
    damaged[damaged.size() / 2] ^= 1;
    files.edit(kGzip, damaged);
    files.put(kPlain, content);
    CHECK(replace(files) == Result::in_the_way);
    return;
  }
  CHECK(files.names() == std::vector<std::string>{kGzip.string()});
  CHECK(holds(files, content));
}

TEST_CASE("The last of a disk is left to the exports") {
  MemoryFiles files;
  files.put(kPlain, make_content());
  files.set_free_space(100'000);
  FileCompressor compressor{files, [] { return true; }};
  CHECK(compressor.replace(kPlain, [] { return std::error_code{}; }) == Result::failed);
  CHECK(compressor.error() == std::errc::no_space_on_device);
  CHECK_FALSE(files.has(kPart));
}
