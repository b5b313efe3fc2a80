#include "mqtt_logger/operation/prompt.hpp"

#include "mqtt_logger/log/log.hpp"

namespace mqtt_logger {

void Prompt::advance() {
  const bool has_keyboard = stop_events_.has_keyboard();
  if (has_keyboard && !had_keyboard_) log::info("press q to quit");
  had_keyboard_ = has_keyboard;
}

}  // namespace mqtt_logger
