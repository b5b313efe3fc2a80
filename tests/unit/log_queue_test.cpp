#include "log/log_queue.hpp"

#include "support/catch.hpp"

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

using namespace mqtt_logger;
using namespace std::chrono_literals;

namespace {

/// Somebody who reads the log, or does not for a while.
struct Reader {
  void take(const LogQueue::Line& line) {
    std::unique_lock lock{mutex};
    can_read.wait(lock, [this] { return is_reading; });
    lines.push_back(line.text);
  }
  void read(bool is_to_read) {
    const std::lock_guard lock{mutex};
    is_reading = is_to_read;
    can_read.notify_all();
  }
  std::vector<std::string> seen() {
    const std::lock_guard lock{mutex};
    return lines;
  }

  std::mutex mutex;
  std::condition_variable can_read;
  bool is_reading = true;
  std::vector<std::string> lines;
};

LogQueue make_queue(std::size_t capacity, const std::shared_ptr<Reader>& reader) {
  return LogQueue{capacity, [reader](const LogQueue::Line& line) { reader->take(line); },
                  [](std::uint64_t count) {
                    return LogQueue::Line{LogLevel::warning, std::to_string(count) + " missing"};
                  }};
}

}  // namespace

TEST_CASE("Lines are written in their order, and flush() waits for all of them") {
  const auto reader = std::make_shared<Reader>();
  LogQueue queue = make_queue(1 << 20, reader);
  std::vector<std::string> expected;
  for (int i = 0; i < 1000; ++i) {
    expected.push_back(std::to_string(i));
    queue.push({LogLevel::info, expected.back()});
  }
  queue.flush(10s);
  CHECK(reader->seen() == expected);
}

TEST_CASE("Where nobody reads, nobody waits, and what is missing is said in its place") {
  const auto reader = std::make_shared<Reader>();
  LogQueue queue = make_queue(10 * 100, reader);
  reader->read(false);
  for (int i = 0; i < 50; ++i) queue.push({LogLevel::info, std::string(36, 'x')});  // ten of them fit
  queue.flush(1ms);
  CHECK(reader->seen().empty());
  reader->read(true);
  queue.flush(10s);
  std::vector<std::string> expected(10, std::string(36, 'x'));
  expected.emplace_back("40 missing");
  CHECK(reader->seen() == expected);
  queue.push({LogLevel::info, "again"});
  queue.flush(10s);
  expected.emplace_back("again");
  CHECK(reader->seen() == expected);
}
