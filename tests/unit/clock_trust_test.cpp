#include "mqtt_logger/housekeeping/clock_trust.hpp"

#include "support/catch.hpp"

#include <chrono>

using namespace mqtt_logger;
using namespace std::chrono_literals;

namespace {

constexpr ReceiveTime kSomeTime{1'790'000'000s};

/// A machine whose clock is set, and whose own time goes on.
struct Machine {
  void wait(std::chrono::seconds time) {
    wall += time;
    since_start += time;
  }
  [[nodiscard]] ClockReading read(bool is_synchronised = false) const {
    return {wall, since_start, is_synchronised};
  }

  ReceiveTime wall = kSomeTime;
  std::chrono::microseconds since_start = 100s;
};

}  // namespace

TEST_CASE("A clock that nobody sets is believed, also one that is corrected by less than an hour") {
  ClockTrust trust{kSomeTime - 59min};
  Machine machine;
  for (int i = 0; i < 10; ++i) {
    CHECK(trust.check(machine.read()));
    machine.wait(24h);
    machine.wall += i % 2 == 0 ? 3600s : -3600s;
  }
}

TEST_CASE("A clock that was moved is believed when it has held for ten minutes") {
  ClockTrust trust{std::nullopt};
  Machine machine;
  CHECK(trust.check(machine.read()));
  const std::chrono::seconds step = GENERATE(3601s, -3601s, 24h * 365 * 70, -24h * 365 * 50);
  machine.wait(1s);
  machine.wall += step;
  CHECK_FALSE(trust.check(machine.read()));
  CHECK(trust.step() == step);
  machine.wait(4s);
  CHECK_FALSE(trust.check(machine.read()));
  SECTION("it holds") {
    machine.wait(595s);
    CHECK_FALSE(trust.check(machine.read()));
    machine.wait(1s);
    CHECK(trust.check(machine.read()));
  }
  SECTION("it is moved back") {
    machine.wall -= step;
    CHECK_FALSE(trust.check(machine.read()));
    machine.wait(599s);
    CHECK_FALSE(trust.check(machine.read()));
    machine.wait(1s);
    CHECK(trust.check(machine.read()));
  }
  SECTION("it is synchronised") {
    CHECK(trust.check(machine.read(true)));
  }
}

TEST_CASE(
    "A clock that begins before the latest time that is known, or long after it, is believed no sooner") {
  const ReceiveTime latest = kSomeTime + GENERATE(std::chrono::seconds{2h}, 24h * 365 * 50, -24h * 365 * 20);
  Machine machine;
  ClockTrust trust{latest};
  CHECK_FALSE(trust.check(machine.read()));
  machine.wait(10min);
  CHECK(trust.check(machine.read()));
  CHECK(ClockTrust{latest}.check(machine.read(true)));
  CHECK(ClockTrust{std::nullopt}.check(machine.read()));
  CHECK(ClockTrust{kSomeTime - 24h * 400}.check(
      machine.read()));  // a logger that nobody has started for a year
}
