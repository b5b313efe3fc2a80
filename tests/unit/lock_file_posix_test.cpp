#include "mqtt_logger/platform/lock_file.hpp"

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

using namespace mqtt_logger;
using namespace mqtt_logger::test;

TEST_CASE("A lock file in whose place somebody has put another is left alone") {
  const TemporaryFolder folder;
  std::unique_ptr<LockFile> lock;
  std::uint64_t holder = 0;
  REQUIRE_FALSE(take_lock(folder / "lock", lock, holder));
  std::filesystem::remove(folder / "lock");
  write_file(folder / "lock", "another");
  lock.reset();
  CHECK(read_file(folder / "lock") == "another");
}
