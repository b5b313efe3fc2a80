#include "reading.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <string_view>

namespace mqtt_logger {
namespace {

/// Values at 01:00 and 13:00 UTC, and how far a reading may be off.
struct DailyCurve {
  std::int64_t night;
  std::int64_t day;
  std::int64_t noise;
};

/// All numbers but the first in steps of 1/steps_per_unit.
struct Quantity {
  std::string_view unit;
  std::int64_t steps_per_unit;
  std::int64_t minimum;
  std::int64_t maximum;
  DailyCurve indoors;
  DailyCurve outdoors;
};

/// In the order of SensorKind. A curve may leave the bounds: at night there is no light and hardly a motion.
constexpr std::array<Quantity, 6> kQuantities{{
    {"°C", 100, -3000, 5000, {1950, 2250, 20}, {800, 1700, 40}},
    {"%", 10, 0, 1000, {520, 430, 15}, {850, 550, 25}},
    {"lx", 1, 0, 100'000, {-400, 400, 20}, {-40'000, 40'000, 1'500}},
    {"1/min", 1, 0, 20, {-2, 6, 4}, {-2, 6, 4}},
    {"hPa", 10, 9500, 10500, {10120, 10150, 3}, {10120, 10150, 3}},
    {"%", 1, 0, 100, {78, 96, 1}, {78, 96, 1}},
}};

/// SplitMix64's output function. (The distributions of <random> differ between standard libraries.)
constexpr std::uint64_t scramble(std::uint64_t bits) {
  bits += 0x9e3779b97f4a7c15U;
  bits = (bits ^ (bits >> 30U)) * 0xbf58476d1ce4e5b9U;
  bits = (bits ^ (bits >> 27U)) * 0x94d049bb133111ebU;
  return bits ^ (bits >> 31U);
}

/// One of -limit … limit, each as likely.
std::int64_t make_noise(std::uint64_t seed, std::uint64_t sensor, std::uint64_t sequence,
                        std::int64_t limit) {
  const std::uint64_t bits = scramble(scramble(scramble(seed) ^ sensor) ^ sequence);
  return static_cast<std::int64_t>(bits % static_cast<std::uint64_t>(2 * limit + 1)) - limit;
}

/// -1000 at 01:00, 0 at 07:00, 1000 at 13:00, 0 at 19:00: two parabolas in place of a sine, whose last digits
/// differ between mathematical libraries.
std::int64_t daily_wave(std::chrono::system_clock::time_point time) {
  using namespace std::chrono;
  constexpr std::int64_t kHalfDay = 12 * 60 * 60;
  const auto since_midnight = time - floor<days>(time);
  const std::int64_t since_seven =
      (duration_cast<seconds>(since_midnight - hours{7}).count() + 2 * kHalfDay) % (2 * kHalfDay);
  const std::int64_t x = since_seven % kHalfDay;
  const std::int64_t height = 4 * 1000 * x * (kHalfDay - x) / (kHalfDay * kHalfDay);
  return since_seven < kHalfDay ? height : -height;
}

}  // namespace

std::string make_reading(const Sensor& sensor, std::uint64_t sequence,
                         std::chrono::system_clock::time_point time, std::uint64_t seed) {
  const Quantity& quantity = kQuantities[static_cast<std::size_t>(sensor.kind)];
  const DailyCurve& curve = sensor.is_outdoors ? quantity.outdoors : quantity.indoors;

  const std::int64_t expected = curve.night + (curve.day - curve.night) * (daily_wave(time) + 1000) / 2000;
  const std::int64_t placement =
      make_noise(seed, sensor.number, 0, curve.noise);  // the same in all its readings
  const std::int64_t noise = make_noise(seed, sensor.number, sequence, curve.noise);
  const std::int64_t steps = std::clamp(expected + placement + noise, quantity.minimum, quantity.maximum);

  using Json = nlohmann::ordered_json;
  const Json value = quantity.steps_per_unit == 1
                         ? Json(steps)
                         : Json(static_cast<double>(steps) / static_cast<double>(quantity.steps_per_unit));
  return Json{{"value", value}, {"unit", quantity.unit}, {"seq", sequence}}.dump();
}

std::chrono::nanoseconds find_due_time(std::uint64_t number, std::size_t sensors,
                                       std::chrono::nanoseconds interval) {
  if (number < sensors) return std::chrono::nanoseconds{0};
  const std::uint64_t turn = number - sensors + 1;
  const auto rounds = static_cast<std::int64_t>(turn / sensors);
  const auto place = static_cast<std::int64_t>(turn % sensors);
  return rounds * interval + place * (interval / static_cast<std::int64_t>(sensors));
}

}  // namespace mqtt_logger
