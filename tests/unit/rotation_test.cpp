#include "mqtt_logger/exports/rotation.hpp"

#include "mqtt_logger/platform/local_time.hpp"

#include "support/catch.hpp"

#include <chrono>

using namespace mqtt_logger;
using namespace std::chrono_literals;
using std::chrono::sys_days;

namespace {

constexpr ReceiveTime kMidnight{sys_days{std::chrono::year{2026} / 3 / 29}};

Options every(std::chrono::seconds period, bool local_time = false) {
  Options options;
  options.rotate_every = period;
  options.local_time = local_time;
  return options;
}

std::chrono::seconds no_offset(std::chrono::sys_seconds) {
  return 0s;
}

/// Central European time: one hour ahead, two from 29 March 2026, 01:00 UTC, to 25 October, 01:00 UTC.
std::chrono::seconds berlin(std::chrono::sys_seconds time) {
  const bool is_summer = time >= sys_days{std::chrono::year{2026} / 3 / 29} + 1h &&
                         time < sys_days{std::chrono::year{2026} / 10 / 25} + 1h;
  return is_summer ? 2h : 1h;
}

bool is_due(Rotation& rotation, ReceiveTime birth, ReceiveTime time) {
  return rotation.is_due(first_file_number(birth), 0, time);
}

/// How often a series goes on in a new file from `begin` to `end`, with a record each minute.
std::vector<ReceiveTime> turns(Rotation& rotation, ReceiveTime begin, ReceiveTime end) {
  std::vector<ReceiveTime> found;
  for (ReceiveTime birth = begin, time = begin; time < end; time += 1min) {
    if (!is_due(rotation, birth, time)) continue;
    found.push_back(time);
    birth = time;
  }
  return found;
}

}  // namespace

TEST_CASE("Without rotation no record begins a new file") {
  Rotation rotation{Options{}, no_offset};
  CHECK_FALSE(rotation.is_on());
  CHECK_FALSE(rotation.is_due(first_file_number(kMidnight), UINT64_MAX, kMidnight + 24h * 1000));
}

TEST_CASE("A file of the asked size is followed by another one") {
  Options options;
  options.rotate_size_bytes = 1024;
  Rotation rotation{options, no_offset};
  CHECK(rotation.is_on());
  CHECK_FALSE(rotation.is_due(first_file_number(kMidnight), 1023, kMidnight + 24h * 1000));
  CHECK(rotation.is_due(first_file_number(kMidnight), 1024, kMidnight));
}

TEST_CASE("A record belongs to the hour, day or multiple of a duration in which it came") {
  const auto period = GENERATE(900s, 3600s, 86400s);
  Rotation rotation{every(period), no_offset};
  for (const ReceiveTime birth : {kMidnight, kMidnight + 5min, kMidnight + period - 1us}) {
    CHECK_FALSE(is_due(rotation, birth, kMidnight));
    CHECK_FALSE(is_due(rotation, birth, kMidnight + period - 1us));
    CHECK(is_due(rotation, birth, kMidnight + period));
  }
}

TEST_CASE("A clock that is set back does not turn files back and forth; one that is far behind does once") {
  Rotation rotation{every(1h), no_offset};
  const ReceiveTime birth = kMidnight + 10h;
  CHECK_FALSE(is_due(rotation, birth, birth - 1us));
  CHECK_FALSE(is_due(rotation, birth, birth - 1h));
  CHECK(is_due(rotation, birth, birth - 1h - 1us));
  CHECK_FALSE(is_due(rotation, birth - 5h, birth - 5h + 1min));
}

TEST_CASE("Local days begin at local midnight, also where the clock changes") {
  Rotation rotation{every(24h, true), berlin};
  const auto found = turns(rotation, kMidnight - 12h, kMidnight + 36h);
  // 28 March ends at 23:00 UTC, 29 March, which has 23 hours, at 22:00.
  CHECK(found == std::vector<ReceiveTime>{kMidnight - 1h, kMidnight + 22h});
  const ReceiveTime autumn{sys_days{std::chrono::year{2026} / 10 / 25}};
  CHECK(turns(rotation, autumn - 12h, autumn + 36h) ==
        std::vector<ReceiveTime>{autumn - 2h, autumn + 23h});  // 25 hours
}

TEST_CASE(
    "Local hours turn once an hour where the clock goes forward, and once for the hour that comes twice") {
  Rotation rotation{every(1h, true), berlin};
  CHECK(turns(rotation, kMidnight, kMidnight + 4h).size() == 3);
  const ReceiveTime autumn{sys_days{std::chrono::year{2026} / 10 / 25}};
  CHECK(turns(rotation, autumn, autumn + 4h).size() == 2);
}

TEST_CASE("The local time is asked for once a quarter of an hour") {
  int calls = 0;
  Rotation rotation{every(24h, true), [&calls](std::chrono::sys_seconds time) {
                      ++calls;
                      return berlin(time);
                    }};
  for (int i = 0; i < 10'000; ++i) static_cast<void>(is_due(rotation, kMidnight, kMidnight + 13h + i * 1ms));
  CHECK(calls == 2);
}

TEST_CASE("The machine's local time is within a day of UTC") {
  const auto offset = utc_offset(std::chrono::floor<std::chrono::seconds>(kMidnight));
  CHECK(offset >= -24h);
  CHECK(offset <= 24h);
}

TEST_CASE("A clock is said to be set back by more than a second, each time") {
  ClockWatch clock;
  CHECK(clock.advance(kMidnight) == 0us);
  CHECK(clock.advance(kMidnight - 999ms) == 0us);
  CHECK(clock.advance(kMidnight + 10s) == 0us);
  CHECK(clock.advance(kMidnight) == 10s);
  CHECK(clock.advance(kMidnight) == 0us);
}
