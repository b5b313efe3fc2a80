#pragma once

#include "mqtt_logger/platform/stop_events.hpp"

namespace mqtt_logger {

/// Says that `q` quits, at first and again when the terminal is ours again (`fg`).
///
/// Threads: main.
class Prompt {
 public:
  explicit Prompt(const StopEvents& stop_events) noexcept : stop_events_{stop_events} {}

  void advance();

 private:
  const StopEvents& stop_events_;
  bool had_keyboard_ = false;
};

}  // namespace mqtt_logger
