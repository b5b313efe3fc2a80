#include "mqtt_logger/connection/versions.hpp"

#include "mqtt_logger/connection/library_trace.hpp"

#include <fmt/core.h>
#include <mqtt/async_client.h>

#include <cstring>
#include <string_view>

namespace mqtt_logger {

std::string library_versions() {
  std::string text = mqtt::PAHO_MQTTPP_VERSION_STR + '\n';
  for (const MQTTAsync_nameValue* info = MQTTAsync_getVersionInfo(); info->name != nullptr; ++info) {
    const std::string_view name{info->name};
    if (name == "Product name") text += fmt::format("{} ", info->value);
    if (name == "Version") {
      text += fmt::format("{}{}\n", info->value,
                          has_library_trace() ? ", with tracing" : ", a PAHO_HIGH_PERFORMANCE build");
    }
    if (name == "OpenSSL version") text += fmt::format("{}\n", info->value);
  }
  return text;
}

}  // namespace mqtt_logger
