#pragma once

#include "summary.hpp"

#include <chrono>
#include <string>

namespace mqtt_logger {

/// What is in an export, some lines of text. `name` as it is printed.
[[nodiscard]] std::string describe_export(const std::string& name, const Summary& summary);

/// A table with a line for each topic, in the order of their names.
[[nodiscard]] std::string describe_topics(const Summary& summary);

/// "3 d 4 h", "12.5 s": two units at most.
[[nodiscard]] std::string describe_duration(std::chrono::microseconds duration);

}  // namespace mqtt_logger
