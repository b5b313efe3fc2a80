#include "../support/round_trip.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace {

/// Three bytes of control (how many bytes are topic and properties; QoS and retain), then topic, properties,
/// payload.
mqtt_logger::MessageView make_message(std::string_view input) {
  const auto take = [&input](std::size_t count) {
    const std::string_view taken = input.substr(0, count);
    input.remove_prefix(taken.size());
    return taken;
  };
  const std::string_view control = take(3);
  const auto read_control = [&control](std::size_t i) {
    return i < control.size() ? static_cast<std::uint8_t>(control[i]) : std::uint8_t{0};
  };
  mqtt_logger::MessageView message;
  message.topic = take(read_control(0));
  message.properties = take(read_control(1));
  message.payload = input;
  message.qos = static_cast<mqtt_logger::QoS>(read_control(2) % 3);
  message.is_retained = read_control(2) >= 0x80;
  return message;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  if (const auto fault = mqtt_logger::test::RoundTrip{make_message(input)}.find_fault()) {
    std::fprintf(stderr, "%s\n", fault->c_str());
    std::abort();
  }
  return 0;
}
