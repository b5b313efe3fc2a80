// A broker for one subscriber, as far as a load needs it: streams PUBLISH packets that were made in advance
// as fast as they are taken, so that no broker is the limit. Speaks MQTT 3.1.1 or 5, whichever the subscriber
// does; ends when the subscriber disconnects. With `--messages 0` it only answers pings.
//
// On standard output: `listening PORT`, then with the monotonic time in nanoseconds `began`, `sent`.

#include "outflow.hpp"

#include <algorithm>
#include <string>

namespace {

using namespace mqtt_logger::bench;

constexpr unsigned kConnect = 1;
constexpr unsigned kSubscribe = 8;
constexpr unsigned kVersion5 = 5;

unsigned byte_at(std::string_view bytes, std::size_t at) {
  return at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0;
}

// How many messages an MQTT 5 subscriber lets be unacknowledged: a property of its CONNECT (section
// 3.1.2.11.3). Behind the variable header's ten bytes stand the properties' length, of one byte as long as
// they are few, and the properties.
std::size_t receive_maximum(std::string_view connect) {
  constexpr std::size_t kUnlimited = 65'535;
  std::string_view properties = connect.substr(11, byte_at(connect, 10));
  while (!properties.empty()) {
    const unsigned identifier = byte_at(properties, 0);
    switch (identifier) {
      case 0x21:
        return byte_at(properties, 1) << 8 | byte_at(properties, 2);
      case 0x22:  // topic alias maximum
        properties.remove_prefix(std::min<std::size_t>(3, properties.size()));
        break;
      case 0x11:  // session expiry interval
      case 0x27:  // maximum packet size
        properties.remove_prefix(std::min<std::size_t>(5, properties.size()));
        break;
      default:
        return kUnlimited;
    }
  }
  return kUnlimited;
}

}  // namespace

int main(int argc, char** argv) {
  StreamPlan plan = read_plan(argc, argv);
  Connection connection{Connection::accept_one(plan.port)};

  Packet packet = connection.read();
  if (packet.type != kConnect || packet.body.size() < 12) return 1;
  const bool is_version_5 = static_cast<unsigned char>(packet.body[6]) == kVersion5;
  if (is_version_5) plan.window = std::min(plan.window, receive_maximum(packet.body));
  connection.send(is_version_5 ? std::string{"\x20\x03\0\0\0", 5} : std::string{"\x20\x02\0\0", 4});

  Outflow outflow{connection, plan, is_version_5};
  do {
    packet = connection.read();
  } while (packet.type != kSubscribe);
  std::string suback{packet.body.substr(0, 2)};
  if (is_version_5) suback += '\0';
  suback += static_cast<char>(plan.qos);
  connection.send(std::string{"\x90"} + static_cast<char>(suback.size()) + suback);

  outflow.run();
  outflow.linger();
}
