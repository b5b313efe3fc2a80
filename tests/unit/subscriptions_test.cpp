#include "mqtt/subscriptions.hpp"

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

TEST_CASE("Each session has subscriptions of its own") {
  const std::string first = with_subscriptions("", "id at a:1883", kKept, 1000);
  const std::string both = with_subscriptions(first, "id at b:1883", {{"x", QoS::at_least_once}}, 1000);
  CHECK(subscriptions_of(both, "id at a:1883") == kKept);
  CHECK(subscriptions_of(both, "id at b:1883") == Subscriptions{{"x", QoS::at_least_once}});
  CHECK(subscriptions_of(both, "id at a:188") == std::nullopt);
  const std::string changed = with_subscriptions(both, "id at a:1883", {}, 1000);
  CHECK(subscriptions_of(changed, "id at a:1883") == Subscriptions{});
  CHECK(subscriptions_of(changed, "id at b:1883") == Subscriptions{{"x", QoS::at_least_once}});
}

TEST_CASE("The client identifiers of known sessions are found, the last one first") {
  std::string text = with_subscriptions("", "one at here at a:1883", kKept, 1000);
  text = with_subscriptions(text, "two at [::1]:1883", kKept, 1000);
  CHECK(client_ids_of(text) == std::vector<std::string>{"two", "one at here"});
  CHECK(client_ids_of(write_subscriptions(kKept)).empty());
}

TEST_CASE("A session's name may hold anything that a client identifier may") {
  const std::string name = "a\n@b\n1 c";
  const std::string text = with_subscriptions("", name, {{"d", QoS::at_least_once}}, 1000);
  CHECK(subscriptions_of(text, name) == Subscriptions{{"d", QoS::at_least_once}});
  CHECK(subscriptions_of(text, "b") == std::nullopt);
}

TEST_CASE("A list that names no session, as version 0.1.0 wrote it, belongs to none") {
  const std::string old = write_subscriptions(kKept);
  CHECK(subscriptions_of(old, "id at a:1883") == std::nullopt);
  CHECK(with_subscriptions(old, "id at a:1883", {}, 1000) == "@id at a:1883\n");
}

TEST_CASE("Where there is no room, the session that was used longest ago is not known any more") {
  std::string text;
  for (const std::string name : {"one", "two", "three"})
    text = with_subscriptions(text, name, {{"filter", QoS::at_least_once}}, 32);
  CHECK(subscriptions_of(text, "three").has_value());
  CHECK(subscriptions_of(text, "two").has_value());
  CHECK(subscriptions_of(text, "one") == std::nullopt);
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
