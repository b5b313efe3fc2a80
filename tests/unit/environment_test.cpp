#include "mqtt_logger/platform/environment.hpp"

#include "support/catch.hpp"

#include <algorithm>
#include <cstdlib>

using namespace mqtt_logger;

TEST_CASE("Environment lists variables with their values") {
  const auto variables = list_environment();
  const auto path = std::find_if(variables.begin(), variables.end(),
                                 [](const EnvironmentVariable& variable) { return variable.name == "PATH"; });
  REQUIRE(path != variables.end());
  CHECK(path->value == std::getenv("PATH"));  // NOLINT: one thread
}
