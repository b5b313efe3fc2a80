#include "publish/in_flight.hpp"

#include "support/catch.hpp"

#include <string>
#include <vector>

using namespace mqtt_logger;

namespace {

OutgoingMessage make_message(const std::string& payload, QoS qos = QoS::at_least_once) {
  OutgoingMessage message;
  message.topic = "a";
  message.payload = payload;
  message.qos = qos;
  return message;
}

std::vector<std::string> send_again(InFlight& in_flight) {
  std::vector<std::string> payloads;
  const std::size_t count = in_flight.send_again(
      [&payloads](InFlightPublish& publish) { payloads.push_back(publish.message.payload); });
  CHECK(count == payloads.size());
  return payloads;
}

}  // namespace

TEST_CASE("What the broker has not acknowledged is sent again, in order") {
  InFlight in_flight;
  InFlightPublish& first = in_flight.add(make_message("1"));
  InFlightPublish& second = in_flight.add(make_message("2"));
  in_flight.add(make_message("3"));
  CHECK(in_flight.count() == 3);
  in_flight.acknowledge(second);
  in_flight.forget_complete();  // the first is not complete, so that nothing goes
  CHECK(send_again(in_flight) == std::vector<std::string>{"1", "3"});
  in_flight.acknowledge(first);
  in_flight.forget_complete();
  CHECK(send_again(in_flight) == std::vector<std::string>{"3"});
  CHECK(in_flight.count() == 1);
  CHECK(in_flight.acknowledged() == 2);
  CHECK(in_flight.refused() == 0);
}

TEST_CASE("A message is complete once, whatever comes after that") {
  InFlight in_flight;
  InFlightPublish& publish = in_flight.add(make_message("1"));
  CHECK(in_flight.refuse(publish));
  CHECK_FALSE(in_flight.refuse(publish));
  in_flight.acknowledge(publish);  // by a connection that had it before
  in_flight.note_sent(publish);
  CHECK(in_flight.count() == 0);
  CHECK(in_flight.refused() == 1);
  CHECK(in_flight.acknowledged() == 0);
  CHECK(in_flight.sent() == 0);
}

TEST_CASE("The oldest message that is not complete is given up") {
  InFlight in_flight;
  CHECK(in_flight.give_up_oldest() == nullptr);
  in_flight.acknowledge(in_flight.add(make_message("1")));
  in_flight.add(make_message("2"));
  in_flight.add(make_message("3"));
  const InFlightPublish* const oldest = in_flight.give_up_oldest();
  REQUIRE(oldest != nullptr);
  CHECK(oldest->message.payload == "2");
  CHECK(send_again(in_flight) == std::vector<std::string>{"3"});
}

TEST_CASE("A lost connection leaves in doubt what was sent on it at QoS 0, and nothing else") {
  InFlight in_flight;
  in_flight.add(make_message("1"));
  in_flight.note_loss();
  CHECK_FALSE(in_flight.is_any_uncertain());
  in_flight.note_sent(in_flight.add(make_message("2", QoS::at_most_once)));
  CHECK_FALSE(in_flight.is_any_uncertain());
  in_flight.note_loss();
  CHECK(in_flight.is_any_uncertain());
  CHECK(in_flight.sent() == 1);
}

TEST_CASE("A message in flight never moves, because the client library points to it") {
  InFlight in_flight;
  InFlightPublish& first = in_flight.add(make_message("1"));
  InFlightPublish& second = in_flight.add(make_message("2"));
  for (int i = 3; i < 2000; ++i) in_flight.add(make_message(std::to_string(i)));
  in_flight.acknowledge(first);
  in_flight.forget_complete();
  CHECK(second.message.payload == "2");
}
