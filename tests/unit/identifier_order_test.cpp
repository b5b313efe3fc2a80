#include "mqtt_logger/journal/identifier_order.hpp"

#include "support/catch.hpp"

#include <array>
#include <chrono>
#include <cstddef>

using namespace mqtt_logger;
using namespace std::chrono_literals;

namespace {

/// A session as its messages show it: each one is acknowledged before the next one comes.
struct Session {
  void receive(PacketId id, bool is_used_again = false, bool is_duplicate = false) {
    order.note_message(id, is_duplicate, is_used_again);
    order.note_all_acknowledged(true);
  }
  void wait(std::chrono::milliseconds time) { order.set_time(now += time); }

  alignas(8) std::array<std::byte, 8> word{};
  IdentifierOrder order{word.data()};
  IdentifierOrder::Time now{};
};

}  // namespace

TEST_CASE("A broker that counts is known by the first message after a pause") {
  Session session;
  session.wait(10s);
  for (PacketId id = 1; id <= 20; ++id) {
    session.receive(id);
    session.wait(999ms);
  }
  CHECK_FALSE(session.order.is_in_order());
  CHECK(session.order.in_turn() == 20);
  session.wait(1ms);
  session.receive(21);
  CHECK(session.order.is_in_order());
  session.order.begin_connection();
  session.receive(20, false, true);
  CHECK(session.order.is_in_order());
  CHECK(IdentifierOrder{session.word.data()}.is_in_order());  // the next process knows it as well
}

TEST_CASE(
    "A pause tells nothing that ends with another connection, with a gap, or with what is not acknowledged") {
  Session session;
  session.wait(10s);
  session.receive(1);
  SECTION("another connection") {
    session.wait(5s);
    session.order.begin_connection();
    session.receive(2);
  }
  SECTION("a gap") {
    session.wait(5s);
    session.receive(3);
  }
  SECTION("a message whose identifier is not free yet") {
    session.order.note_all_acknowledged(false);
    session.wait(5s);
    session.receive(2);
  }
  SECTION("one that was sent before") {
    session.wait(5s);
    session.receive(2, false, true);
  }
  CHECK_FALSE(session.order.is_in_order());
  CHECK_FALSE(session.order.is_out_of_order());
}

TEST_CASE("A broker that is busy is known by 4,096 messages") {
  Session session;
  for (int i = 0; i < 4096; ++i) {
    CHECK_FALSE(session.order.is_in_order());
    session.receive(static_cast<PacketId>((60'000 + i) % 65'535 + 1));  // comes round
  }
  CHECK(session.order.is_in_order());
}

TEST_CASE("A broker that takes the lowest free identifier is known by the first that comes again") {
  Session session;
  session.wait(10s);
  for (PacketId id = 1; id <= 3; ++id) session.receive(id);
  session.wait(5s);
  SECTION("the same again") {
    session.receive(3, true);
  }
  SECTION("a lower one that this journal has not seen") {
    session.receive(2);
  }
  CHECK(session.order.is_out_of_order());
  session.wait(5s);
  session.receive(4);
  session.wait(5s);
  session.receive(5);
  CHECK(session.order.is_out_of_order());
}

TEST_CASE("Evidence against is outweighed once") {
  Session session;
  PacketId id = 0;
  const auto receive = [&](int count) {
    for (int i = 0; i < count; ++i) session.receive(++id);
  };
  receive(5);
  session.receive(id = 1, true);
  receive(4095);
  CHECK(session.order.is_out_of_order());
  receive(1);
  CHECK(session.order.is_in_order());
  session.receive(id = 1, true);
  receive(10'000);
  CHECK(session.order.is_out_of_order());
  session.order.forget();
  CHECK_FALSE(session.order.is_out_of_order());
}
