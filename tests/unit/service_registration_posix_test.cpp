#include "mqtt_logger/base/error.hpp"
#include "mqtt_logger/platform/service_registration.hpp"

#include "support/catch.hpp"

using namespace mqtt_logger;

TEST_CASE("A service of Windows cannot be installed here, and the error names what can") {
  CHECK_THROWS_WITH(install_service({}), Catch::Matchers::ContainsSubstring("scripts/install-service"));
  CHECK_THROWS_WITH(uninstall_service(), Catch::Matchers::ContainsSubstring("scripts/install-service"));
}
