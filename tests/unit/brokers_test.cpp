#include "mqtt_logger/connection/brokers.hpp"

#include "support/catch.hpp"

#include <set>

using namespace mqtt_logger;

namespace {

Brokers make_brokers(std::vector<BrokerAddress> addresses) {
  Options options;
  options.brokers = std::move(addresses);
  return Brokers{options, "logger-1"};
}

}  // namespace

TEST_CASE("Brokers are tried in order, and each round begins with the first") {
  Brokers brokers = make_brokers({{"a", 1883}, {"b", 1884}, {"c", 1885}});
  CHECK(brokers.current().address.host == "a");
  CHECK_FALSE(brokers.begin_round());
  CHECK(brokers.advance());
  CHECK(brokers.advance());
  CHECK(brokers.current().address.host == "c");
  CHECK_FALSE(brokers.has_next());
  CHECK_FALSE(brokers.advance());
  CHECK(brokers.current().address.host == "c");
  CHECK(brokers.begin_round());
  CHECK(brokers.current().address.host == "a");
}

TEST_CASE("Each broker has a session of its own, which goes by client identifier, host and port") {
  Brokers brokers = make_brokers({{"a", 1883}, {"b", 1883}, {"a", 1884}});
  std::set<std::string> sessions;
  do {
    sessions.insert(brokers.current().session);
  } while (brokers.advance());
  CHECK(sessions.size() == 3);
  CHECK(make_brokers({{"x", 1}, {"a", 1884}}).current().session !=
        make_brokers({{"x", 2}}).current().session);
  Brokers others = make_brokers({{"x", 1}, {"a", 1884}});  // the same one in another list
  REQUIRE(others.advance());
  CHECK(sessions.count(others.current().session) == 1);
}

TEST_CASE("Only when every broker refuses this client is there nothing left to try") {
  Brokers brokers = make_brokers({{"a", 1883}, {"b", 1883}});
  brokers.current().is_refusing = true;
  CHECK_FALSE(brokers.are_all_refusing());
  REQUIRE(brokers.advance());
  brokers.current().is_refusing = true;
  CHECK(brokers.are_all_refusing());
  brokers.forget_refusals();
  CHECK_FALSE(brokers.are_all_refusing());
}

TEST_CASE("What is known of one broker is not known of another") {
  Brokers brokers = make_brokers({{"a", 1883}, {"b", 1883}});
  brokers.current().refuses_retained = true;
  brokers.current().limits.takes_retained = false;
  REQUIRE(brokers.current().version.take_older());
  REQUIRE(brokers.advance());
  CHECK_FALSE(brokers.current().refuses_retained);
  CHECK(brokers.current().limits.takes_retained);
  CHECK(brokers.current().version.take_older());
}
