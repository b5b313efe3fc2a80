#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace mqtt_logger {

enum class SensorKind : std::uint8_t { temperature, humidity, light, motion, pressure, battery };

/// One simulated sensor.
struct Sensor {
  std::string topic;
  SensorKind kind = SensorKind::temperature;
  bool is_outdoors = false;
  std::uint32_t number = 0;  ///< from 0; tells the noise of one sensor from that of another
};

/// `count` sensors with believable topics, such as `sensors/kitchen/temperature`, each of its own. Pure.
///
/// Whatever filters the user gave, the logger receives the readings: every topic matches the first of
/// `topic_filters` that has a wildcard. The rest of that filter is kept: `plant/hall1/#` gives
/// `plant/hall1/kitchen/temperature`, `sensors/+/light` gives light sensors only. Without any wildcard there
/// is one sensor for each filter, so at most as many as filters. Filters for topics that only a broker may
/// publish (`$SYS/#`) are passed over; if no other is left, the sensors publish below `sensors/`.
[[nodiscard]] std::vector<Sensor> make_sensors(const std::vector<std::string>& topic_filters, unsigned count);

}  // namespace mqtt_logger
