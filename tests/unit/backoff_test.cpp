#include "mqtt_logger/connection/backoff.hpp"

#include "support/catch.hpp"

#include <algorithm>
#include <chrono>

using namespace mqtt_logger;
using namespace std::chrono_literals;

namespace {

const Backoff::Clock::time_point kBegin{1h};

}  // namespace

TEST_CASE("The delays double up to a minute") {
  Backoff backoff;
  auto longest = 1000ms;
  for (int i = 0; i < 10; ++i) {
    const auto delay = backoff.next(false, kBegin);
    CHECK(delay >= longest / 2);
    CHECK(delay >= 1000ms);
    CHECK(delay <= std::max(longest, 1500ms));
    longest = std::min(2 * longest, 60'000ms);
  }
  backoff.reset();
  CHECK(backoff.next(false, kBegin) <= 1500ms);
}

TEST_CASE("In the minute after a good connection the delays are the shortest, however many attempts fail") {
  Backoff backoff;
  backoff.note_good_end(kBegin);
  for (int i = 0; i < 60; ++i) CHECK(backoff.next(false, kBegin + i * 1s) <= 1500ms);
  for (int i = 0; i < 10; ++i) (void)backoff.next(false, kBegin + 60s);
  CHECK(backoff.next(false, kBegin + 60s) >= 30s);
  backoff.note_good_end(kBegin + 10min);
  CHECK(backoff.next(false, kBegin + 10min) <= 1500ms);
}

TEST_CASE("A broker that refuses is not asked each second, good connection or not") {
  Backoff backoff;
  backoff.note_good_end(kBegin);
  for (int i = 0; i < 10; ++i) (void)backoff.next(true, kBegin + 1s);
  CHECK(backoff.next(true, kBegin + 1s) >= 30s);
}
