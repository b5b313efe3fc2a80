#include "mqtt_logger/platform/lock_file.hpp"
#include "mqtt_logger/platform/stop_events.hpp"

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

using namespace mqtt_logger;
using namespace mqtt_logger::test;

TEST_CASE("Nobody can put another file in the place of a lock that is held") {
  const TemporaryFolder folder;
  std::unique_ptr<LockFile> lock;
  std::uint64_t holder = 0;
  REQUIRE_FALSE(take_lock(folder / "lock", lock, holder));
  std::error_code error;
  std::filesystem::remove(folder / "lock", error);
  CHECK(error);
  CHECK(std::filesystem::exists(folder / "lock"));
}

TEST_CASE("The holder of a lock is asked to stop while its main thread does not wait") {
  const TemporaryFolder folder;
  const auto events = make_stop_events();
  std::unique_ptr<LockFile> lock;
  std::uint64_t holder = 0;
  REQUIRE_FALSE(take_lock(folder / "lock", lock, holder));
  REQUIRE_FALSE(ask_holder_to_stop(folder / "lock", holder));
  events->wait(std::chrono::seconds{60});
  CHECK(events->is_stop_requested());
  CHECK(std::string{events->stop_reason()} == "--stop");
}

TEST_CASE("A holder that listens to nobody is said to be there") {
  const TemporaryFolder folder;
  std::unique_ptr<LockFile> lock;
  std::uint64_t holder = 0;
  REQUIRE_FALSE(take_lock(folder / "lock", lock, holder));
  const std::error_code error = ask_holder_to_stop(folder / "lock", holder);
  CHECK(error);
  CHECK(error != std::errc::no_such_process);
}
