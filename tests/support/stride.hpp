#pragma once

namespace mqtt_logger::test {

/// How far a test that goes through every byte, call or seed goes at once. With a sanitizer each takes ten times as long,
/// and what it looks for shows on any pass of a path: there one in seven, a prime, so that each bit of a byte has its
/// turn. Without one, all of them.
#if defined(MQTT_LOGGER_SANITIZED)
inline constexpr int kStride = 7;
#else
inline constexpr int kStride = 1;
#endif

}  // namespace mqtt_logger::test
