#include "mqtt_logger/platform/lock_file.hpp"
#include "mqtt_logger/platform/process.hpp"

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

#include <atomic>
#include <string>
#include <thread>

using namespace mqtt_logger;
using namespace mqtt_logger::test;

namespace {

std::unique_ptr<LockFile> take(const std::filesystem::path& path) {
  std::unique_ptr<LockFile> lock;
  std::uint64_t holder = 0;
  REQUIRE_FALSE(take_lock(path, lock, holder));
  return lock;
}

LockReading read(const std::filesystem::path& path) {
  LockReading reading;
  REQUIRE_FALSE(read_lock(path, reading));
  return reading;
}

}  // namespace

TEST_CASE("What the holder of a lock publishes can be read as long as it holds it") {
  const TemporaryFolder folder;
  CHECK_FALSE(read(folder / "lock").is_held);
  auto lock = take(folder / "lock");
  CHECK(read(folder / "lock").text.empty());
  for (const std::string text : {"a long text\nof two lines\n", "short"}) {
    REQUIRE_FALSE(lock->publish(text));
    const LockReading reading = read(folder / "lock");
    CHECK(reading.is_held);
    CHECK(reading.holder == process_id());
    CHECK(reading.text == text);
  }
  lock.reset();
  CHECK_FALSE(read(folder / "lock").is_held);
}

TEST_CASE("A lock file that nobody holds names nobody") {
  const TemporaryFolder folder;
  write_file(folder / "lock", std::to_string(process_id()) + "\nold text");
  const LockReading reading = read(folder / "lock");
  CHECK_FALSE(reading.is_held);
  CHECK(reading.holder == 0);
  CHECK(reading.text.empty());
  std::uint64_t holder = 0;
  CHECK(ask_holder_to_stop(folder / "lock", holder) == std::errc::no_such_process);
}

TEST_CASE("Whoever reads a lock does not keep others from taking it") {
  const TemporaryFolder folder;
  std::atomic<bool> is_over{false};
  std::thread reader{[&] {
    LockReading reading;
    while (!is_over) [[maybe_unused]] const auto error = read_lock(folder / "lock", reading);
  }};
  std::unique_ptr<LockFile> lock;
  std::uint64_t holder = 0;
  int failures = 0;
  for (int i = 0; i < 500; ++i) {
    failures += take_lock(folder / "lock", lock, holder) ? 1 : 0;
    lock.reset();
  }
  is_over = true;
  reader.join();
  CHECK(failures == 0);
}

TEST_CASE("A file names a living process only if that is older than the file") {
  const TemporaryFolder folder;
  write_file(folder / "pid", std::to_string(process_id()) + "\n");
  CHECK(find_living_process(folder / "pid") == process_id());
  std::filesystem::last_write_time(
      folder / "pid", std::filesystem::file_time_type::clock::now() - std::chrono::hours{24 * 365});
  CHECK(find_living_process(folder / "pid") == 0);
  write_file(folder / "pid", "no number");
  CHECK(find_living_process(folder / "pid") == 0);
  CHECK(find_living_process(folder / "missing") == 0);
}
