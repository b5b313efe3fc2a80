#include "mqtt_logger/platform/lock_file.hpp"
#include "mqtt_logger/platform/process.hpp"

#include "support/catch.hpp"
#include "support/forked_child.hpp"
#include "support/temporary_folder.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <string>

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

namespace {

/// Locks a file as a program does that only reads it.
class ForeignLock {
 public:
  explicit ForeignLock(const std::filesystem::path& path) : descriptor_{::open(path.c_str(), O_RDONLY)} {
    REQUIRE(::flock(descriptor_, LOCK_EX | LOCK_NB) == 0);
  }
  ~ForeignLock() { ::close(descriptor_); }
  ForeignLock(const ForeignLock&) = delete;
  ForeignLock& operator=(const ForeignLock&) = delete;

 private:
  int descriptor_;
};

void require_nobody_is_asked(const std::filesystem::path& path) {
  LockReading reading;
  REQUIRE_FALSE(read_lock(path, reading));
  CHECK(reading.is_held);
  CHECK(reading.is_foreign);
  CHECK(reading.holder == 0);
  CHECK(reading.text.empty());
  std::uint64_t holder = 0;
  CHECK(ask_holder_to_stop(path, holder) == std::errc::device_or_resource_busy);
}

}  // namespace

TEST_CASE("A process that has got the id in a lock file is not asked to stop, whoever holds the lock") {
  const TemporaryFolder folder;
  const std::string id = std::to_string(process_id());
  SECTION("the lock of an output says when its process was started") {
    write_file(folder / "lock",
               id + "\nstarted " + std::to_string(start_of_process(process_id()) - 1) + "\ntext\n");
    const ForeignLock foreign{folder / "lock"};
    require_nobody_is_asked(folder / "lock");
  }
  SECTION("a pid file is open in its process") {
    const pid_t child = start_child([] { return ::pause() == 0; });
    write_file(folder / "lock", std::to_string(child) + "\n");
    {
      const ForeignLock foreign{folder / "lock"};
      require_nobody_is_asked(folder / "lock");
    }
    ::kill(child, SIGKILL);
    CHECK(wait_for_child(child) == -SIGKILL);
  }
}

TEST_CASE("A pid file is a number alone, and the lock of an output has the start beside it") {
  const TemporaryFolder folder;
  const std::string id = std::to_string(process_id());
  std::unique_ptr<LockFile> lock;
  std::uint64_t holder = 0;
  REQUIRE_FALSE(take_lock(folder / "pid", lock, holder));
  CHECK(read_file(folder / "pid") == id + "\n");
  LockReading reading;
  REQUIRE_FALSE(read_lock(folder / "pid", reading));
  CHECK(reading.holder == process_id());
  REQUIRE_FALSE(take_lock(folder / "lock", lock, holder, LockKind::output));
  CHECK(read_file(folder / "lock") ==
        id + "\nstarted " + std::to_string(start_of_process(process_id())) + "\n");
}
