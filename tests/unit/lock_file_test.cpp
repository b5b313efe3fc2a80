#include "mqtt_logger/platform/lock_file.hpp"

#include "mqtt_logger/platform/process.hpp"

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

#include <string>

using namespace mqtt_logger;
using namespace mqtt_logger::test;

TEST_CASE("A lock is held by one at a time, says by whom, and goes with its holder") {
  TemporaryFolder folder;
  std::unique_ptr<LockFile> lock;
  std::uint64_t holder = 0;
  REQUIRE_FALSE(take_lock(folder / "lock", lock, holder));
  CHECK(read_file(folder / "lock") == std::to_string(process_id()) + "\n");

  std::unique_ptr<LockFile> second;
  CHECK(take_lock(folder / "lock", second, holder) == std::errc::resource_unavailable_try_again);
  CHECK(holder == process_id());
  CHECK_FALSE(second);

  lock.reset();
  CHECK_FALSE(std::filesystem::exists(folder / "lock"));
  CHECK_FALSE(take_lock(folder / "lock", second, holder));
}

TEST_CASE("A lock file that a crash left behind does no harm") {
  TemporaryFolder folder;
  write_file(folder / "lock", "4194305000\n0123456789abcdef\nand more");
  std::unique_ptr<LockFile> lock;
  std::uint64_t holder = 0;
  REQUIRE_FALSE(take_lock(folder / "lock", lock, holder));
  CHECK(read_file(folder / "lock") == std::to_string(process_id()) + "\n");
}

TEST_CASE("A lock in a folder that is not there is an error") {
  TemporaryFolder folder;
  std::unique_ptr<LockFile> lock;
  std::uint64_t holder = 0;
  CHECK(take_lock(folder / "missing/lock", lock, holder) == std::errc::no_such_file_or_directory);
}
