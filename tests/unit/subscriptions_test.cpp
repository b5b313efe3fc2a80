#include "mqtt_logger/mqtt/subscriptions.hpp"

#include "support/catch.hpp"

using namespace mqtt_logger;

namespace {

const Subscriptions kKept{{"a/#", QoS::at_least_once},
                          {"b", QoS::exactly_once},
                          {"c", std::nullopt},
                          {"line\nbreak", QoS::at_most_once}};

}  // namespace

TEST_CASE("Subscriptions are the same after they were written and read") {
  CHECK(read_subscriptions(write_subscriptions(kKept)) == kKept);
  CHECK(read_subscriptions(write_subscriptions({})).empty());
}

TEST_CASE("A topic filter has the QoS of its own, or that of all") {
  Options options;
  options.topics = {"a/#", "b"};
  options.topic_qos = {{"b", QoS::exactly_once}};
  CHECK(make_subscriptions(options) == Subscriptions{{"a/#", QoS::at_least_once}, {"b", QoS::exactly_once}});
}

TEST_CASE("What the session has with the same QoS is not asked for again") {
  const Subscriptions wanted{
      {"a/#", QoS::at_least_once}, {"b", QoS::at_least_once}, {"d", QoS::at_least_once}};
  CHECK(difference(wanted, kKept) == Subscriptions{{"b", QoS::at_least_once}, {"d", QoS::at_least_once}});
}

TEST_CASE("A subscription without an answer is made again") {
  const Subscriptions wanted{{"a/#", QoS::at_least_once}};
  CHECK(difference(wanted, kKept).empty());
  CHECK(difference(wanted, as_unanswered(kKept)) == wanted);
  CHECK(as_unanswered(kKept).size() == kKept.size());
}

TEST_CASE("A new topic filter counts as not answered, an old one stays what it was") {
  const Subscriptions both = add_unanswered(kKept, {{"a/#", QoS::exactly_once}, {"d", QoS::exactly_once}});
  CHECK(both.at("a/#") == QoS::at_least_once);
  CHECK(both.at("d") == std::nullopt);
}

TEST_CASE("Topic filters that nobody wants any more are found") {
  CHECK(filters_only_in(kKept, {{"b", QoS::exactly_once}}) ==
        std::vector<std::string>{"a/#", "c", "line\nbreak"});
}
