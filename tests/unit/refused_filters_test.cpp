#include "mqtt/refused_filters.hpp"

#include "support/catch.hpp"

using namespace mqtt_logger;
using namespace std::chrono_literals;

namespace {

const RefusedFilters::Clock::time_point kNow{1000h};

}  // namespace

TEST_CASE("What a broker refuses is refused for good, and of that broker alone") {
  RefusedFilters filters;
  filters.refuse("one", "a/#");
  CHECK(filters.is_refused("one", "a/#", kNow + 10000h));
  CHECK_FALSE(filters.is_refused("two", "a/#", kNow));
  CHECK_FALSE(filters.is_refused("one", "b/#", kNow));
}

TEST_CASE("A filter at which two connections in a row end is refused for an hour") {
  RefusedFilters filters;
  CHECK_FALSE(filters.is_one_by_one());
  CHECK_FALSE(filters.note_loss("one", std::nullopt, kNow));
  CHECK(filters.is_one_by_one());
  CHECK_FALSE(filters.note_loss("one", "a/#", kNow));
  CHECK_FALSE(filters.is_refused("one", "a/#", kNow));
  CHECK(filters.note_loss("one", "a/#", kNow));
  CHECK(filters.is_refused("one", "a/#", kNow + 59min));
  CHECK_FALSE(filters.is_refused("one", "a/#", kNow + 1h));
}

TEST_CASE("Two connections that end at different filters, or after a good one, show nothing") {
  RefusedFilters filters;
  CHECK_FALSE(filters.note_loss("one", "a/#", kNow));
  CHECK_FALSE(filters.note_loss("one", "b/#", kNow));
  CHECK_FALSE(filters.note_loss("one", "a/#", kNow));
  filters.note_success();
  CHECK_FALSE(filters.is_one_by_one());
  CHECK_FALSE(filters.note_loss("one", "a/#", kNow));
}
