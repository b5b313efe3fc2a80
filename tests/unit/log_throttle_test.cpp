#include "mqtt_logger/log/log_throttle.hpp"

#include "support/catch.hpp"
#include "support/quiet_log.hpp"

#include <chrono>

using namespace mqtt_logger;
using namespace mqtt_logger::test;
using namespace std::chrono_literals;

TEST_CASE("What happens with every message is said once a second, with its number") {
  const QuietLog quiet;
  LogThrottle throttle{LogLevel::error};
  const auto begin = LogThrottle::Clock::now();
  const auto last = [] { return log::last_fault().value_or(LoggedLine{}).text; };
  throttle.note("first", begin);
  CHECK(last() == "first");
  for (int i = 0; i < 1000; ++i) throttle.note("one of many", begin + 1ms * i / 2);
  CHECK(last() == "first");
  throttle.advance(begin + 999ms);
  CHECK(last() == "first");
  throttle.advance(begin + 1s);
  CHECK(last() == "one of many (and 999 more before it)");
  throttle.note("later", begin + 1500ms);
  CHECK(last() == "one of many (and 999 more before it)");
  throttle.note("last", begin + 2s);
  CHECK(last() == "last (and 1 more before it)");
  throttle.note("at the end", begin + 2s);
  throttle.finish();
  CHECK(last() == "at the end");
  throttle.finish();
  throttle.advance(begin + 10s);
  CHECK(last() == "at the end");
}
