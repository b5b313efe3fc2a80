#include "publish/sensor.hpp"

#include "mqtt_logger/base/topic_filter.hpp"

#include "support/catch.hpp"

#include <set>
#include <string>

namespace mqtt_logger {
namespace {

std::string first_topic(const std::string& filter) {
  return make_sensors({filter}, 1).at(0).topic;
}

TEST_CASE("The default six sensors show all kinds and six rooms") {
  const auto sensors = make_sensors({"sensors/#"}, 6);
  REQUIRE(sensors.size() == 6);
  CHECK(sensors[0].topic == "sensors/kitchen/temperature");
  CHECK(sensors[1].topic == "sensors/bathroom/humidity");
  CHECK(sensors[2].topic == "sensors/garden/light");
  CHECK(sensors[3].topic == "sensors/hallway/motion");
  CHECK(sensors[4].topic == "sensors/attic/pressure");
  CHECK(sensors[5].topic == "sensors/garage/battery");
  std::set<SensorKind> kinds;
  for (const auto& sensor : sensors) {
    kinds.insert(sensor.kind);
    CHECK(sensor.is_outdoors == (sensor.topic == "sensors/garden/light"));
  }
  CHECK(kinds.size() == 6);
}

TEST_CASE("A thousand sensors have a thousand topics, numbered when all rooms and kinds are used") {
  const std::string filter = GENERATE("sensors/#", "#", "+", "+/+", "home/+", "+/temperature", "a/kitchen/#",
                                      "a/kitchen/light/#", "home/+/state", "+/+/+/+/+/#");
  const auto sensors = make_sensors({filter}, 1000);
  std::set<std::string> topics;
  for (const auto& sensor : sensors) {
    CAPTURE(filter, sensor.topic);
    topics.insert(sensor.topic);
    REQUIRE(matches_topic_filter(filter, sensor.topic));
  }
  CHECK(topics.size() == 1000);
  CHECK(make_sensors({"sensors/#"}, 49).back().topic == "sensors/kitchen-2/temperature");
}

TEST_CASE("The rest of a filter is kept, its wildcards are filled") {
  CHECK(first_topic("#") == "sensors/kitchen/temperature");
  CHECK(first_topic("+/#") == "sensors/kitchen/temperature");
  CHECK(first_topic("+/+/#") == "sensors/kitchen/temperature");
  CHECK(first_topic("+/+") == "kitchen/temperature");
  CHECK(first_topic("+/+/+") == "sensors/kitchen/temperature");
  CHECK(first_topic("plant/hall1/#") == "plant/hall1/kitchen/temperature");
  CHECK(first_topic("plant/+/+/#") == "plant/sensors/kitchen/temperature");
  CHECK(first_topic("+/+/temperature") == "sensors/kitchen/temperature");
  CHECK(first_topic("home/+/state") == "home/kitchen-temperature/state");
  CHECK(first_topic("$share/g/sensors/#") == "sensors/kitchen/temperature");
  CHECK(first_topic("/sensors/+/light") == "/sensors/kitchen/light");
  CHECK(first_topic("/#") == "/kitchen/temperature");
  CHECK(first_topic("a//+/") == "a//kitchen-temperature/");
}

TEST_CASE("A filter that names a kind or a room has only sensors of that kind or room") {
  for (const auto& sensor : make_sensors({"sensors/+/light"}, 20)) CHECK(sensor.kind == SensorKind::light);
  for (const auto& sensor : make_sensors({"sensors/balcony/#"}, 20)) CHECK(sensor.is_outdoors);
  CHECK(make_sensors({"sensors/kitchen/+"}, 7)[6].topic == "sensors/kitchen/temperature-2");
  CHECK(make_sensors({"sensors/kitchen/light/#"}, 2)[1].topic == "sensors/kitchen/light/sensor-2");
}

TEST_CASE("The first filter with a wildcard is followed") {
  const auto sensors = make_sensors({"plant/boiler", "hall/#", "sensors/#"}, 2);
  REQUIRE(sensors.size() == 2);
  CHECK(sensors[0].topic == "hall/kitchen/temperature");
}

TEST_CASE("Without any wildcard there is one sensor for each filter") {
  const auto sensors = make_sensors({"plant/boiler", "$share/g/plant/light"}, 6);
  REQUIRE(sensors.size() == 2);
  CHECK(sensors[0].topic == "plant/boiler");
  CHECK(sensors[1].topic == "plant/light");
  CHECK(sensors[1].kind == SensorKind::light);
  CHECK(make_sensors({"a", "b", "c"}, 2).size() == 2);
}

TEST_CASE("Nothing is published where only a broker may publish") {
  CHECK(first_topic("$SYS/#") == "sensors/kitchen/temperature");
  CHECK(first_topic("$share/g/$SYS/#") == "sensors/kitchen/temperature");
  CHECK(make_sensors({"$SYS/#", "a/#"}, 1)[0].topic == "a/kitchen/temperature");
  CHECK(make_sensors({}, 1)[0].topic == "sensors/kitchen/temperature");
}

TEST_CASE("No sensors are no sensors") {
  CHECK(make_sensors({"sensors/#"}, 0).empty());
}

}  // namespace
}  // namespace mqtt_logger
