#include "mqtt_logger/operation/disk_watch.hpp"

#include "support/catch.hpp"
#include "support/quiet_log.hpp"
#include "support/temporary_folder.hpp"

using namespace mqtt_logger;
using namespace mqtt_logger::test;
using namespace std::chrono_literals;

namespace {

Options on(const std::filesystem::path& folder) {
  Options options;
  options.output = folder / "data";
  return options;
}

}  // namespace

TEST_CASE("Disks of exports and journal are looked at, each folder once, and not of a journal in memory") {
  const QuietLog quiet;
  const TemporaryFolder folder;
  Options options = on(folder.path());
  const LogInterval::Clock::time_point now{1h};
  CHECK(DiskWatch{options}.check(now).size() == 1);
  options.journal = folder.path() / "data.journal";
  CHECK(DiskWatch{options}.check(now).size() == 1);
  options.journal = "data.journal";
  CHECK(DiskWatch{options}.check(now).size() == 2);
  options.journal_in_file = false;
  CHECK(DiskWatch{options}.check(now).size() == 1);
  options.output = folder.path() / "no/such/folder/data";
  CHECK(DiskWatch{options}.check(now).empty());
}

TEST_CASE("A disk is low when it has less than the user wants") {
  const QuietLog quiet;
  const TemporaryFolder folder;
  Options options = on(folder.path());
  const LogInterval::Clock::time_point now{1h};
  options.min_free_bytes = 0;
  CHECK_FALSE(DiskWatch{options}.check(now).at(0).is_low);
  options.min_free_bytes = std::uint64_t{1} << 60;
  CHECK(DiskWatch{options}.check(now).at(0).is_low);
  CHECK(DiskWatch{options}.check(now).at(0).free_bytes > 0);
}
