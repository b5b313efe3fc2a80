#pragma once

#include "sensor.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace mqtt_logger {

/// The payload of a sensor's `sequence`-th reading, taken at `time`: a daily curve (in UTC) plus noise,
/// within the bounds of its kind: `{"value":21.47,"unit":"°C","seq":17}`. All carry their number, so that a
/// check of the exports (`--verify --sequence /seq`) proves that none is missing.
///
/// Pure, and integers up to the last step: the same arguments give the same bytes on every machine.
[[nodiscard]] std::string make_reading(const Sensor& sensor, std::uint64_t sequence,
                                       std::chrono::system_clock::time_point time, std::uint64_t seed);

/// When the `number`-th reading of all sensors (from 0; of sensor `number % sensors`) is due after the first:
/// one of each sensor at once, so that a newcomer sees them all; from then on the sensors take turns, evenly
/// spread over the interval, each with one reading an interval. Pure.
[[nodiscard]] std::chrono::nanoseconds find_due_time(std::uint64_t number, std::size_t sensors,
                                                     std::chrono::nanoseconds interval);

}  // namespace mqtt_logger
