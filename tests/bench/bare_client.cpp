// The ceiling of the logger's design: a Paho C++ client whose callback only counts.
//
// Usage: bare-client PORT QOS MESSAGES 3|5 [quiet]
// With `quiet` the library traces errors only, as in the logger.
// On standard output: `subscribed`, and after the last message `done NANOSECONDS`.

#include "connection.hpp"

#include <mqtt/async_client.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string>

int main(int argc, char** argv) {
  if (argc != 5 && argc != 6) return 2;
  if (argc == 6) MQTTAsync_setTraceLevel(MQTTASYNC_TRACE_ERROR);
  const int qos = std::atoi(argv[2]);
  const std::uint64_t wanted = std::strtoull(argv[3], nullptr, 10);
  const bool is_version_5 = argv[4][0] == '5';
  const int version = is_version_5 ? MQTTVERSION_5 : MQTTVERSION_3_1_1;

  std::uint64_t received = 0;  // by the library's receive thread only
  std::atomic<bool> is_done{false};
  mqtt::async_client client{std::string{"tcp://127.0.0.1:"} + argv[1], "bare-client",
                            mqtt::create_options{version}};
  client.set_message_callback([&](const mqtt::const_message_ptr&) {
    if (++received != wanted) return;
    mqtt_logger::bench::say_time("done");
    is_done.store(true);
    is_done.notify_one();
  });
  mqtt::connect_options options;
  options.set_mqtt_version(version);
  if (is_version_5) {
    options.set_clean_start(true);
  } else {
    options.set_clean_session(true);
  }
  client.connect(options)->wait();
  client.subscribe("sensors/#", qos)->wait();
  std::puts("subscribed");
  std::fflush(stdout);
  is_done.wait(false);
  client.disconnect()->wait();
}
