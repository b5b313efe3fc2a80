#include "mqtt_logger/operation/rate_meter.hpp"

#include "support/catch.hpp"

using namespace mqtt_logger;
using namespace std::chrono_literals;

TEST_CASE("A rate is that of the last minute") {
  RateMeter meter;
  const RateMeter::Clock::time_point start{1000s};
  CHECK(meter.measure(0, start) == 0);
  CHECK(meter.measure(50, start + 500ms) == 0);
  for (int second = 1; second <= 100; ++second) {
    CHECK(meter.measure(static_cast<std::uint64_t>(second) * 100, start + second * 1s) == Catch::Approx(100));
  }
  CHECK(meter.measure(10'000, start + 130s) == Catch::Approx(50).epsilon(0.05));
  CHECK(meter.measure(10'000, start + 300s) == 0);
}
