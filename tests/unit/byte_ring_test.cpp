#include "connection/byte_ring.hpp"

#include "support/catch.hpp"

#include <algorithm>
#include <random>
#include <string>

using namespace mqtt_logger;

TEST_CASE("A byte ring gives back what was put in, in order, whatever the pieces") {
  std::mt19937 random{1};
  ByteRing ring{7};
  std::string put;
  std::string taken;
  while (taken.size() < 2000) {
    auto space = ring.free_space();
    const std::size_t count = std::min<std::size_t>(space.size(), random() % 5);
    for (std::size_t i = 0; i < count; ++i) {
      space[i] = static_cast<char>('a' + put.size() % 23);
      put += space[i];
    }
    ring.commit(count);
    const auto content = ring.content();
    const std::size_t wanted = std::min<std::size_t>(content.size(), random() % 5);
    taken.append(content.data(), wanted);
    ring.consume(wanted);
    REQUIRE(ring.size() == put.size() - taken.size());
    REQUIRE(ring.size() <= 7);
  }
  CHECK(taken == put.substr(0, taken.size()));
}

TEST_CASE("A full byte ring has no space, and an empty one no content") {
  ByteRing ring{4};
  CHECK(ring.is_empty());
  CHECK(ring.content().empty());
  CHECK(ring.free_space().size() == 4);
  ring.commit(4);
  CHECK(ring.free_space().empty());
  CHECK(ring.content().size() == 4);
  ring.consume(3);
  CHECK(ring.free_space().size() == 3);
  ring.commit(3);
  CHECK(ring.free_space().empty());
  CHECK(ring.content().size() == 1);  // what is behind the end of the memory comes as a second piece
  ring.consume(1);
  CHECK(ring.content().size() == 3);
}
