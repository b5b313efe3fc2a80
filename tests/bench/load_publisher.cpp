// Publishes a stream of messages at a real broker on 127.0.0.1 as fast as it takes them.
//
// On standard output, with the monotonic time in nanoseconds: `began`, `sent` (at QoS 1 and 2: acknowledged).

#include "outflow.hpp"

#include <string>

int main(int argc, char** argv) {
  using namespace mqtt_logger::bench;
  const StreamPlan plan = read_plan(argc, argv);
  Connection connection{Connection::connect_to(plan.port)};
  // CONNECT: MQTT 3.1.1, clean session, no keep alive, a client identifier of no characters.
  connection.send(std::string{"\x10\x0C\0\x04MQTT\x04\x02\0\0\0\0", 14});
  const Packet answer = connection.read();
  if (answer.type != 2 || answer.body != std::string_view{"\0\0", 2}) return 1;

  Outflow outflow{connection, plan, false};
  outflow.run();
  connection.send(std::string{"\xE0\0", 2});  // DISCONNECT
}
