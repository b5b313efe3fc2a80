#include "verify/sequence_check.hpp"

#include "support/catch.hpp"

#include <vector>

namespace mqtt_logger {
namespace {

int count_faults(SequenceCheck& check, const std::vector<std::uint64_t>& numbers) {
  int faults = 0;
  for (const std::uint64_t number : numbers) faults += check.add(number) ? 1 : 0;
  return faults;
}

TEST_CASE("Numbers one after the other are right, wherever they begin") {
  SequenceCheck check;
  CHECK(count_faults(check, {7, 8, 9, 10}) == 0);
  CHECK(check.missing() == 0);
}

TEST_CASE("A gap is missing until its numbers come, in any order") {
  SequenceCheck check;
  CHECK(count_faults(check, {1, 6}) == 1);
  CHECK(check.missing() == 4);
  CHECK(count_faults(check, {4, 2, 5}) == 3);
  CHECK(check.missing() == 1);
  CHECK(check.disorder() == 3);
  CHECK(count_faults(check, {5, 4}) == 2);
  CHECK(check.doubles() == 2);
  CHECK(count_faults(check, {3, 7}) == 1);
  CHECK(check.missing() == 0);
}

TEST_CASE("Doubles are told from what comes late") {
  SequenceCheck check;
  CHECK(count_faults(check, {1, 2, 2, 2, 3, 2}) == 3);
  CHECK(check.doubles() == 3);
  CHECK(check.disorder() == 0);
}

TEST_CASE("A sender that starts over at 0 or 1 is no fault, and checked from there on") {
  SequenceCheck check;
  CHECK(count_faults(check, {1, 2, 3, 1, 2, 0, 1}) == 0);
  CHECK(check.restarts() == 2);
  CHECK(count_faults(check, {3}) == 1);
  CHECK(check.missing() == 1);
}

TEST_CASE("More gaps than are remembered are still counted") {
  SequenceCheck check;
  for (std::uint64_t number = 10; number < 1000; number += 2) count_faults(check, {number});
  CHECK(check.missing() == 494);
  CHECK(check.add(11));  // long forgotten
  CHECK(check.add(997));
  CHECK(check.disorder() == 1);
  CHECK(check.doubles() == 1);
}

}  // namespace
}  // namespace mqtt_logger
