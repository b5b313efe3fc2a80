#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace mqtt_logger {

/// One simulated sensor reading.
struct Reading {
  std::string topic;
  std::string payload;
};

/// The `sequence`-th reading of the `sensor`-th simulated sensor at time `time`: a daily curve plus noise, bounded,
/// each kind with its unit. Pure: the same arguments give the same reading on every machine.
/// `topic_root` stands in place of `sensors` at the front of the topic.
[[nodiscard]] Reading make_reading(unsigned sensor, std::uint64_t sequence, std::chrono::system_clock::time_point time,
                                   std::uint64_t seed, const std::string& topic_root);

/// The topic root under which simulated sensors publish so that the first of `topic_filters` that can match
/// receives them: `sensors` for `sensors/#`, `plant/hall1` for `plant/hall1/#`, `sensors` for `#`.
[[nodiscard]] std::string find_topic_root(const std::vector<std::string>& topic_filters);

}  // namespace mqtt_logger
