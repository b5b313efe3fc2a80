#include "mqtt_logger/publish/status_payload.hpp"

#include "support/catch.hpp"

#include <nlohmann/json.hpp>

using namespace mqtt_logger;

TEST_CASE("A status is one JSON object whose numbers add up") {
  MessageTotals totals;
  totals.received = 20;
  totals.replayed = 5;
  totals.written = 11;
  totals.redelivered = 2;
  totals.too_large = 1;
  totals.excluded = 4;
  const auto status =
      nlohmann::json::parse(make_status(StatusState::online, "a \"name\"", ReceiveTime{}, totals));
  CHECK(status["state"] == "online");
  CHECK(status["client_id"] == "a \"name\"");
  CHECK(status["started"] == "1970-01-01T00:00:00.000000Z");
  CHECK(status["version"].is_string());
  CHECK(status["received"] == 20);
  CHECK(status["written"].get<int>() + status["pending"].get<int>() + status["dropped"].get<int>() +
            status["excluded"].get<int>() ==
        20);
  CHECK(status["dropped"] == 3);
}

TEST_CASE("A last will has no numbers") {
  const auto status = nlohmann::json::parse(make_status(StatusState::offline, "name", ReceiveTime{}));
  CHECK(status["state"] == "offline");
  CHECK_FALSE(status.contains("received"));
  CHECK(nlohmann::json::parse(make_status(StatusState::stopped, "name", {}))["state"] == "stopped");
}
