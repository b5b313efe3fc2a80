#include "mqtt_logger/error.hpp"
#include "mqtt_logger/platform/service_registration.hpp"

#include <catch2/catch.hpp>

using namespace mqtt_logger;

TEST_CASE("A service of Windows cannot be installed here, and the error names what can") {
  CHECK_THROWS_WITH(install_service({}), Catch::Contains("scripts/install-service"));
  CHECK_THROWS_WITH(uninstall_service(), Catch::Contains("scripts/install-service"));
}
