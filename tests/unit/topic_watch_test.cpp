#include "mqtt_logger/mqtt/topic_watch.hpp"

#include "support/catch.hpp"

using namespace mqtt_logger;
using namespace std::chrono_literals;

TEST_CASE("A topic filter is stale when it was silent for longer than asked, each by itself") {
  Options options;
  options.topics = {"sensors/#", "alarms/+"};
  options.stale_after = 10s;
  const TopicWatch::Clock::time_point start{1000s};
  TopicWatch watch{options, start};
  CHECK_FALSE(watch.snapshot(start + 10s)[0].is_stale);
  CHECK(watch.snapshot(start + 10001ms)[0].is_stale);

  watch.note("sensors/a/b", start + 8s);
  const auto filters = watch.snapshot(start + 12s);
  REQUIRE(filters.size() == 2);
  CHECK(filters[0] == FilterStatus{"sensors/#", 4s, false});
  CHECK(filters[1] == FilterStatus{"alarms/+", 12s, true});
}

TEST_CASE("Without --stale-after nothing is watched") {
  TopicWatch watch{Options{}};
  watch.note("sensors/a");
  CHECK(watch.snapshot().empty());
}
