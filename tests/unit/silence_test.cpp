#include "mqtt_logger/connection/silence.hpp"

#include "support/catch.hpp"

using namespace mqtt_logger;
using namespace std::chrono_literals;

namespace {

const Silence::Clock::time_point kFirst{1h};

}  // namespace

TEST_CASE("A broker that never speaks is given the time to connect, and is looked at once more") {
  Silence silence{10s, 60s};
  silence.begin(kFirst);
  CHECK_FALSE(silence.check(kFirst + 9s, 0, false));
  CHECK_FALSE(silence.check(kFirst + 10s, 0, false));
  const auto lasted = silence.check(kFirst + 11s, 0, false);
  REQUIRE(lasted);
  CHECK(*lasted == 11s);
  CHECK(silence.describe(*lasted) == "it takes the connection, and does not answer within 10 s");
}

TEST_CASE("A broker that has spoken is given one and a half of the keep alive") {
  Silence silence{10s, 60s};
  silence.begin(kFirst);
  CHECK_FALSE(silence.check(kFirst + 5s, 3, false));
  CHECK_FALSE(silence.check(kFirst + 94s, 3, false));
  CHECK_FALSE(silence.check(kFirst + 95s, 3, false));  // this process may not have run meanwhile
  SECTION("and is silent") {
    CHECK(silence.check(kFirst + 100s, 3, false) == 95'000ms);
    CHECK(silence.describe(95s) == "the broker has been silent for 95 s, with a keep alive of 60 s");
  }
  SECTION("and speaks after all") {
    CHECK_FALSE(silence.check(kFirst + 100s, 4, false));
    CHECK_FALSE(silence.check(kFirst + 189s, 4, false));
  }
}

TEST_CASE("Silence does not count while we do not read") {
  Silence silence{10s, 60s};
  silence.begin(kFirst);
  CHECK_FALSE(silence.check(kFirst + 1s, 1, false));
  for (int i = 1; i < 100; ++i) CHECK_FALSE(silence.check(kFirst + i * 100s, 1, true));
  CHECK_FALSE(silence.check(kFirst + 9'900s + 89s, 1, false));
}

TEST_CASE("Without a keep alive there is a limit for the first answer only") {
  Silence silence{10s, 0s};
  silence.begin(kFirst);
  SECTION("that comes") {
    CHECK_FALSE(silence.check(kFirst + 1s, 1, false));
    CHECK_FALSE(silence.check(kFirst + 10h, 1, false));
    CHECK_FALSE(silence.check(kFirst + 20h, 1, false));
  }
  SECTION("that does not come") {
    CHECK_FALSE(silence.check(kFirst + 11s, 0, false));
    CHECK(silence.check(kFirst + 12s, 0, false));
  }
}

TEST_CASE("A short keep alive leaves time for a ping that comes a second late") {
  Silence silence{10s, 1s};
  silence.begin(kFirst);
  CHECK_FALSE(silence.check(kFirst, 1, false));
  CHECK_FALSE(silence.check(kFirst + 3900ms, 1, false));
  CHECK_FALSE(silence.check(kFirst + 4000ms, 1, false));
  CHECK(silence.check(kFirst + 4100ms, 1, false));
}
