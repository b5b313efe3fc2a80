#include "publish/reading.hpp"

#include "support/catch.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

namespace mqtt_logger {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;
using TimePoint = std::chrono::system_clock::time_point;

constexpr std::uint64_t kSeed = 1;
constexpr TimePoint kMidnight{std::chrono::sys_days{std::chrono::January / 1 / 2026}};

Sensor make_sensor(SensorKind kind, bool is_outdoors = false) {
  return {.topic = "a", .kind = kind, .is_outdoors = is_outdoors, .number = 3};
}

double mean_between(const Sensor& sensor, std::chrono::minutes begin, std::chrono::minutes end) {
  double sum = 0;
  int count = 0;
  for (auto minute = begin; minute < end; ++minute, ++count)
    sum += Json::parse(make_reading(sensor, static_cast<std::uint64_t>(count + 1), kMidnight + minute,
                                    kSeed))["value"]
               .get<double>();
  return sum / count;
}

TEST_CASE("Readings stay within the bounds of their kind all year, indoors and outdoors") {
  struct Bounds {
    SensorKind kind;
    const char* unit;
    double minimum;
    double maximum;
    double smallest_spread;
  };
  const auto bounds = GENERATE(
      Bounds{SensorKind::temperature, "°C", 5, 30, 2}, Bounds{SensorKind::humidity, "%", 30, 95, 8},
      Bounds{SensorKind::light, "lx", 0, 50'000, 300}, Bounds{SensorKind::motion, "1/min", 0, 14, 5},
      Bounds{SensorKind::pressure, "hPa", 1000, 1030, 2}, Bounds{SensorKind::battery, "%", 50, 100, 10});
  const Sensor sensor = make_sensor(bounds.kind, GENERATE(false, true));
  double lowest = 1e9;
  double highest = -1e9;
  std::uint64_t sequence = 0;
  for (auto time = kMidnight; time < kMidnight + std::chrono::hours{24 * 366}; time += 1h + 7min) {
    const auto reading = Json::parse(make_reading(sensor, ++sequence, time, kSeed));
    REQUIRE(reading["unit"] == bounds.unit);
    lowest = std::min(lowest, reading["value"].get<double>());
    highest = std::max(highest, reading["value"].get<double>());
  }
  CHECK(lowest >= bounds.minimum);
  CHECK(highest <= bounds.maximum);
  CHECK(highest - lowest >= bounds.smallest_spread);
}

TEST_CASE("A reading is the same on every machine") {
  const auto noon = kMidnight + 12h;
  CHECK(make_reading(make_sensor(SensorKind::temperature), 17, noon, kSeed) ==
        R"({"value":22.51,"unit":"°C","seq":17})");
  CHECK(make_reading({.topic = "a", .kind = SensorKind::light, .is_outdoors = true}, 2, noon, 42) ==
        R"({"value":38366,"unit":"lx","seq":2})");
}

TEST_CASE("A reading depends on seed, sensor and sequence") {
  Sensor sensor{.topic = "a", .kind = SensorKind::light, .is_outdoors = true};
  const auto noon = kMidnight + 12h;
  const std::string reading = make_reading(sensor, 1, noon, kSeed);
  CHECK(make_reading(sensor, 1, noon, kSeed) == reading);
  CHECK(make_reading(sensor, 2, noon, kSeed) != reading);
  CHECK(make_reading(sensor, 1, noon, kSeed + 1) != reading);
  sensor.number = 1;
  CHECK(make_reading(sensor, 1, noon, kSeed) != reading);
}

TEST_CASE(
    "A reading has value, unit and sequence in this order, and its number no more digits than it needs") {
  const Sensor sensor = make_sensor(SensorKind::temperature);
  for (std::uint64_t sequence = 1; sequence <= 10'000; ++sequence) {
    const std::string reading = make_reading(sensor, sequence, kMidnight + sequence * 1min, kSeed);
    constexpr std::string_view kBegin = "{\"value\":";
    const std::string number = reading.substr(kBegin.size(), reading.find(',') - kBegin.size());
    REQUIRE(reading ==
            std::string{kBegin} + number + R"(,"unit":"°C","seq":)" + std::to_string(sequence) + "}");
    REQUIRE(number.size() <= 5);  // 21.47: no 21.470000000000002
  }
}

TEST_CASE("Day and night differ") {
  for (const bool is_outdoors : {false, true}) {
    const Sensor temperature = make_sensor(SensorKind::temperature, is_outdoors);
    CHECK(mean_between(temperature, 11h, 15h) > mean_between(temperature, 0h, 3h) + 2);
    const Sensor light = make_sensor(SensorKind::light, is_outdoors);
    CHECK(mean_between(light, 11h, 15h) > 200);
    CHECK(mean_between(light, 0h, 5h) == 0);
  }
  const Sensor humidity = make_sensor(SensorKind::humidity);
  CHECK(mean_between(humidity, 11h, 15h) < mean_between(humidity, 0h, 3h) - 5);
}

TEST_CASE("A time before 1970 has a time of day too") {
  const Sensor light = make_sensor(SensorKind::light);
  CHECK(Json::parse(make_reading(light, 1, TimePoint{} - 12h, kSeed))["value"] > 300);
  CHECK(Json::parse(make_reading(light, 1, TimePoint{} - 24h, kSeed))["value"] == 0);
}

TEST_CASE("The first reading of each sensor is due at once, the others take turns") {
  CHECK(find_due_time(0, 4, 2s) == 0s);
  CHECK(find_due_time(3, 4, 2s) == 0s);
  CHECK(find_due_time(4, 4, 2s) == 500ms);
  CHECK(find_due_time(5, 4, 2s) == 1s);
  CHECK(find_due_time(8, 4, 2s) == find_due_time(4, 4, 2s) + 2s);
  CHECK(find_due_time(0, 1, 2s) == 0s);
  CHECK(find_due_time(1, 1, 2s) == 2s);
  CHECK(find_due_time(1'000'000, 6, 0s) == 0s);
}

TEST_CASE("Readings do not drift, even where the interval is no multiple of the sensors") {
  constexpr std::uint64_t kRounds = 10'000'000;
  CHECK(find_due_time(7 * kRounds, 7, 1s) == find_due_time(7, 7, 1s) + (kRounds - 1) * 1s);
  CHECK(find_due_time(1'000ULL * 24 * 366 * 100, 1'000, 1h) > std::chrono::hours{24 * 365 * 100});
}

}  // namespace
}  // namespace mqtt_logger
