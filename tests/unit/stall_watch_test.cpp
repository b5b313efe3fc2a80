#include "mqtt_logger/operation/stall_watch.hpp"

#include "mqtt_logger/log/log.hpp"

#include "support/catch.hpp"
#include "support/quiet_log.hpp"

using namespace mqtt_logger;
using namespace std::chrono_literals;

TEST_CASE("A writer that makes no turn for five seconds is said to hang, at once and each minute") {
  const test::QuietLog quiet;
  const StallWatch::Clock::time_point begin{1h};
  StallWatch watch{"exports/data"};
  int said = 0;
  const auto check = [&](std::uint64_t turns, std::chrono::seconds time) {
    const auto before = log::last_fault();
    watch.check(turns, 77, begin + time);
    if (log::last_fault() != before) ++said;
  };
  for (int second = 0; second < 200; ++second) check(static_cast<std::uint64_t>(second), second * 1s);
  CHECK(said == 0);
  for (int second = 200; second < 205; ++second) check(199, second * 1s - 1s);
  CHECK(said == 0);
  for (int second = 205; second < 205 + 120; ++second) check(199, second * 1s);
  CHECK(said == 2);
  REQUIRE(log::last_fault());
  CHECK(log::last_fault()->text.find("the disk of exports/data has not answered for 6") != std::string::npos);
  check(200, 400s);
  check(200, 401s);
  CHECK(said == 2);
}
