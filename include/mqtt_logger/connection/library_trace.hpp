#pragma once

namespace mqtt_logger {

/// Has the library trace errors only, which takes a third off what a message costs in it; by default it keeps
/// the last 400 calls and returns of its functions in memory, for nobody. Without effect if the environment
/// asks for a trace (MQTT_C_CLIENT_TRACE). Call before the first client is made.
void reduce_library_trace() noexcept;

/// Whether the library was built with its tracing, that is without PAHO_HIGH_PERFORMANCE. Its version does
/// not tell, so it is tried out.
[[nodiscard]] bool has_library_trace();

}  // namespace mqtt_logger
