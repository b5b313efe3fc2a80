#include "mqtt_logger/log/log_interval.hpp"

#include "support/catch.hpp"

using namespace mqtt_logger;
using namespace std::chrono_literals;

TEST_CASE("A trouble is said at once and then every minute, and its end once") {
  const LogInterval::Clock::time_point begin{1h};
  LogInterval reminder;
  CHECK_FALSE(reminder.end());
  int said = 0;
  for (int second = 0; second < 180; ++second) said += reminder.is_due(begin + second * 1s) ? 1 : 0;
  CHECK(said == 3);
  CHECK(reminder.end());
  CHECK_FALSE(reminder.end());
  CHECK(reminder.is_due(begin + 181s));
}
