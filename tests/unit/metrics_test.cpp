#include "mqtt_logger/operation/metrics.hpp"

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

using namespace mqtt_logger;
using namespace mqtt_logger::test;

namespace {

Status some_status() {
  Status status;
  status.totals.received = 10;
  status.totals.written = 6;
  status.totals.redelivered = 2;
  status.connects = 3;
  status.connection.is_subscribed = true;
  status.last_message = ReceiveTime{std::chrono::microseconds{1'700'000'000'000'042}};
  status.exports = {{"a \"quoted\\\n.csv", 77}};
  status.filters = {{"sensors/#", std::chrono::seconds{5}, true}};
  return status;
}

}  // namespace

TEST_CASE("Metrics are in Prometheus' text format") {
  const std::string text = to_metrics(some_status());
  for (const char* line : {
           "# TYPE mqtt_logger_messages_received_total counter\nmqtt_logger_messages_received_total 10\n",
           "mqtt_logger_messages_dropped_total{reason=\"redelivered\"} 2\n",
           "mqtt_logger_messages_pending 2\n",
           "mqtt_logger_connected 1\n",
           "mqtt_logger_reconnects_total 2\n",
           "mqtt_logger_last_message_timestamp_seconds 1700000000.000042\n",
           "mqtt_logger_export_size_bytes{path=\"a \\\"quoted\\\\\\n.csv\"} 77\n",
           "mqtt_logger_topic_filter_stale{filter=\"sensors/#\"} 1\n",
       }) {
    CAPTURE(line);
    CHECK(text.find(line) != std::string::npos);
  }
}

TEST_CASE("What is unknown has no metric") {
  CHECK(to_metrics(Status{}).find("last_message") == std::string::npos);
}

TEST_CASE("A metrics file is replaced when it is due, and by the last write") {
  const TemporaryFolder folder;
  Options options;
  options.metrics_file = folder / "logger.prom";
  options.stats_every = std::chrono::hours{1};
  MetricsFile file{options};
  file.report(some_status());
  CHECK(read_file(options.metrics_file) == to_metrics(some_status()));
  file.report(Status{});
  CHECK(read_file(options.metrics_file) == to_metrics(some_status()));
  file.write(Status{});
  CHECK(read_file(options.metrics_file) == to_metrics(Status{}));
  CHECK_FALSE(std::filesystem::exists(folder / "logger.prom.part"));
}
