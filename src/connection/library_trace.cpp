#include "mqtt_logger/connection/library_trace.hpp"

#include <mqtt/async_client.h>

#include <atomic>
#include <cstdlib>

namespace mqtt_logger {
namespace {

std::atomic<bool> has_traced{false};

void note_trace(MQTTASYNC_TRACE_LEVELS, char*) {
  has_traced.store(true);
}

}  // namespace

void reduce_library_trace() noexcept {
  if (std::getenv("MQTT_C_CLIENT_TRACE") == nullptr) MQTTAsync_setTraceLevel(MQTTASYNC_TRACE_ERROR);
}

bool has_library_trace() {
  // The first client makes the library say its version to whoever listens, also if it traces nothing else.
  const mqtt::async_client client{"tcp://localhost:1", "trace"};
  has_traced.store(false);
  MQTTAsync_setTraceCallback(note_trace);
  MQTTAsync_setTraceLevel(MQTTASYNC_TRACE_MAXIMUM);
  static_cast<void>(client.is_connected());  // any call
  MQTTAsync_setTraceCallback(nullptr);
  MQTTAsync_setTraceLevel(MQTTASYNC_TRACE_ERROR);
  return has_traced.load();
}

}  // namespace mqtt_logger
