#include "journal/header.hpp"

#include "mqtt_logger/platform/crc32c.hpp"

#include "support/catch.hpp"

using namespace mqtt_logger;

TEST_CASE("A machine that does not say which start this is may have been started again") {
  CHECK(is_same_boot(crc32c("this one"), "this one"));
  CHECK_FALSE(is_same_boot(crc32c("this one"), "another"));
  CHECK_FALSE(is_same_boot(crc32c(""), ""));
  CHECK_FALSE(is_same_boot(0, ""));
}
