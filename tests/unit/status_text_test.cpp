#include "operation/status_text.hpp"

#include "support/catch.hpp"

using namespace mqtt_logger;
using namespace std::chrono_literals;

namespace {

constexpr ReceiveTime kStart{std::chrono::microseconds{1'700'000'000'000'000}};

Status full_status() {
  Status status;
  status.time = kStart + 100s;
  status.started = kStart;
  status.process_id = 4711;
  status.client_id = "client";
  status.connection = {"broker:1883", true, kStart + 1s, {"a/#", "b/+"}, "it was \"away\"", 2, 300s};
  status.totals = {10, 1, 6, 1, 0, 1};
  status.connects = 3;
  status.written_bytes = 1000;
  status.write_errors = 4;
  status.received_per_second = 1.5;
  status.written_per_second = 1.25;
  status.journal_pending_bytes = 5;
  status.journal_bytes = 65'536;
  status.last_message = kStart + 90s;
  status.exports = {{"exports/mqtt_data.csv", 77}};
  status.disks = {{"exports", 4096, true}};
  status.filters = {{"a/#", 60s, true}};
  status.last_fault = LoggedLine{kStart + 50s, "something\nwent wrong"};
  return status;
}

}  // namespace

TEST_CASE("A status comes back as it was written") {
  CHECK(read_status(write_status(full_status())) == full_status());
  CHECK(read_status(write_status(Status{})) == Status{});
}

TEST_CASE("A status that is half replaced is not understood") {
  const std::string before = write_status(full_status());
  Status later = full_status();
  later.totals.received = 11;
  later.time += 1s;
  const std::string after = write_status(later);
  for (std::size_t size = 1; size < after.size(); ++size) {
    const std::string mixed = after.substr(0, size) + before.substr(std::min(size, before.size()));
    if (mixed == after || mixed == before) continue;
    CAPTURE(size);
    REQUIRE_FALSE(read_status(mixed));
  }
  CHECK_FALSE(read_status(""));
}

TEST_CASE("What a broker has said cannot steer the terminal of --status") {
  Status status = full_status();
  status.connection.is_subscribed = false;
  status.connection.last_failure = "\x1b[2Jgone\xff";
  const std::string text = describe(*read_status(write_status(status)), status.time);
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find("not connected  to broker:1883: ") != std::string::npos);
}

TEST_CASE("A status in words") {
  const std::string text = describe(full_status(), kStart + 101s);
  for (const char* line : {
           "running        as process 4711 since 2023-11-14T22:13:20.000000Z (1 min 41 s), client client\n",
           "connected      to broker:1883 since 2023-11-14T22:13:21.000000Z (1 min 40 s)\n",
           "subscribed to  a/#, b/+\n",
           "messages       received 10 (1 replayed from the journal), written 6, pending 2, dropped 1 (1 "
           "redelivered), excluded 1\n",
           "last message   2023-11-14T22:14:50.000000Z (11 s ago)\n",
           "journal        5 of 65536 bytes pending\n",
           "export         exports/mqtt_data.csv with 77 bytes\n",
           "silent         a/# for 60 s\n",
           "last fault     2023-11-14T22:14:10.000000Z something\\x0Awent wrong\n",
       }) {
    CAPTURE(line, text);
    CHECK(text.find(line) != std::string::npos);
  }
  CHECK(text.find("OLD") == std::string::npos);
  CHECK(describe(full_status(), kStart + 200s)
            .starts_with("THIS IS OLD: the logger has not renewed it for 1 min"));
}
