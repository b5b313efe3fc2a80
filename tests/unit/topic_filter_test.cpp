#include "mqtt_logger/base/topic_filter.hpp"

#include "support/catch.hpp"

#include <random>
#include <vector>

using namespace mqtt_logger;
using namespace std::string_literals;

namespace {

/// The same question, answered level by level without any cleverness.
bool matches_naively(const std::vector<std::string>& filter, const std::vector<std::string>& topic,
                     std::size_t i = 0) {
  if (i == filter.size()) return i == topic.size();
  if (filter[i] == "#") return true;
  if (i >= topic.size()) return false;
  return (filter[i] == "+" || filter[i] == topic[i]) && matches_naively(filter, topic, i + 1);
}

std::string join(const std::vector<std::string>& levels) {
  std::string text = levels.front();
  for (std::size_t i = 1; i < levels.size(); ++i) text += '/' + levels[i];
  return text;
}

}  // namespace

TEST_CASE("Topic filters of the specification are well formed") {
  const std::string filter =
      GENERATE(as<std::string>{}, "sport/tennis/player1/#", "sport/#", "#", "+", "+/tennis/#",
               "sport/+/player1", "/", "/+", "//", "a//b", "$SYS/#", "$SYS/monitor/+", " ", "a b/c,d",
               "ü/€/𝄞", "$share/group/a/#", "$share/g/#", "$share/g//", "$shared", "$sharex/+", "$");
  CAPTURE(filter);
  CHECK(find_topic_filter_fault(filter) == std::nullopt);
}

TEST_CASE("Topic filters with a fault are told what would be right") {
  const auto [filter, fault] = GENERATE(table<std::string, std::string>({
      {"", "must not be empty"},
      {"sport/tennis#", "must have # alone in its level, such as sensors/#"},
      {"##", "must have # alone in its level, such as sensors/#"},
      {"a/#b", "must have # alone in its level, such as sensors/#"},
      {"+#", "must have # alone in its level, such as sensors/#"},
      {"sport/tennis/#/ranking", "must have # only at the end, such as sensors/#"},
      {"#/", "must have # only at the end, such as sensors/#"},
      {"sport+", "must have + alone in its level, such as sensors/+/temperature"},
      {"a/++/b", "must have + alone in its level, such as sensors/+/temperature"},
      {"a/+b", "must have + alone in its level, such as sensors/+/temperature"},
      {"a\0b"s, "must not contain a NUL character"},
      {"a/\xC3", "must be valid UTF-8"},
      {"$share", "must be $share/GROUP/FILTER, with a group and a filter that are not empty"},
      {"$share/", "must be $share/GROUP/FILTER, with a group and a filter that are not empty"},
      {"$share/g", "must be $share/GROUP/FILTER, with a group and a filter that are not empty"},
      {"$share/g/", "must be $share/GROUP/FILTER, with a group and a filter that are not empty"},
      {"$share//a", "must be $share/GROUP/FILTER, with a group and a filter that are not empty"},
      {"$share/g+/a", "must have a group without + and #, as in $share/GROUP/FILTER"},
      {"$share/#/a", "must have a group without + and #, as in $share/GROUP/FILTER"},
      {"$share/g/a#", "must have # alone in its level, such as sensors/#"},
  }));
  CAPTURE(filter);
  CHECK(find_topic_filter_fault(filter) == fault);
}

TEST_CASE("Topic filters may have 65,535 bytes and no more") {
  CHECK(find_topic_filter_fault(std::string(65'535, 'x')) == std::nullopt);
  CHECK(find_topic_filter_fault(std::string(65'536, 'x')) == "must be at most 65,535 bytes long");
}

TEST_CASE("Topic filters match as in the specification") {
  CHECK(matches_topic_filter("sport/tennis/player1/#", "sport/tennis/player1"));
  CHECK(matches_topic_filter("sport/tennis/player1/#", "sport/tennis/player1/ranking"));
  CHECK(matches_topic_filter("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon"));
  CHECK(matches_topic_filter("sport/#", "sport"));
  CHECK_FALSE(matches_topic_filter("sport/#", "sports"));
  CHECK(matches_topic_filter("sport/tennis/+", "sport/tennis/player1"));
  CHECK_FALSE(matches_topic_filter("sport/tennis/+", "sport/tennis/player1/ranking"));
  CHECK(matches_topic_filter("sport/+", "sport/"));
  CHECK_FALSE(matches_topic_filter("sport/+", "sport"));
  CHECK(matches_topic_filter("+/+", "/finance"));
  CHECK(matches_topic_filter("/+", "/finance"));
  CHECK_FALSE(matches_topic_filter("+", "/finance"));
  CHECK(matches_topic_filter("a//b", "a//b"));
  CHECK_FALSE(matches_topic_filter("a/b", "A/b"));
  CHECK_FALSE(matches_topic_filter("a/b", "a/b/"));
}

TEST_CASE("Topic filters that begin with a wildcard leave out topics that begin with a dollar sign") {
  CHECK_FALSE(matches_topic_filter("#", "$SYS/uptime"));
  CHECK_FALSE(matches_topic_filter("+/uptime", "$SYS/uptime"));
  CHECK(matches_topic_filter("$SYS/#", "$SYS/uptime"));
  CHECK(matches_topic_filter("$SYS/+", "$SYS/uptime"));
  CHECK(matches_topic_filter("a/+", "a/$SYS"));
}

TEST_CASE("Topic filters of shared subscriptions match by what follows the group") {
  CHECK(matches_topic_filter("$share/group/sensors/#", "sensors/a"));
  CHECK(matches_topic_filter("$share/group/$SYS/#", "$SYS/uptime"));
  CHECK_FALSE(matches_topic_filter("$share/group/#", "$SYS/uptime"));
  CHECK_FALSE(matches_topic_filter("$share/group/a", "$share/group/a"));
}

TEST_CASE("Topic filters match like a naive matcher") {
  std::mt19937 random{7};  // NOLINT: the same filters in every run
  const auto pick = [&random](std::size_t count) { return static_cast<std::size_t>(random() % count); };
  const std::vector<std::string> names{"", "a", "b", "ab"};
  int matches = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::vector<std::string> filter(1 + pick(4));
    std::vector<std::string> topic(1 + pick(4));
    for (auto& level : topic) level = names[pick(names.size())];
    for (auto& level : filter) level = pick(3) == 0 ? "+" : names[pick(names.size())];
    if (pick(3) == 0) filter.back() = "#";
    CAPTURE(join(filter), join(topic));
    if (find_topic_filter_fault(join(filter))) continue;  // nothing but the empty filter
    const bool is_expected = matches_naively(filter, topic);
    REQUIRE(matches_topic_filter(join(filter), join(topic)) == is_expected);
    REQUIRE(matches_topic_filter("$share/g/" + join(filter), join(topic)) == is_expected);
    matches += is_expected ? 1 : 0;
  }
  CHECK(matches > 1000);
}
