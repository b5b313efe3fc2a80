#include "mqtt_logger/base/timestamp.hpp"

#include "support/catch.hpp"

#include <chrono>
#include <initializer_list>
#include <string>

using namespace mqtt_logger;
using namespace std::chrono_literals;
using std::chrono::microseconds;
using std::chrono::sys_days;

namespace {

std::string format_once(ReceiveTime time) {
  TimestampFormatter timestamps;
  return std::string{timestamps.format(time)};
}

}  // namespace

TEST_CASE("Timestamp: RFC 3339 in UTC with microseconds") {
  CHECK(format_once(sys_days{2026y / 11 / 20} + 15h + 36min + 1s + 123456us) ==
        "2026-11-20T15:36:01.123456Z");
  CHECK(format_once(ReceiveTime{}) == "1970-01-01T00:00:00.000000Z");
  CHECK(format_once(ReceiveTime{-1us}) == "1969-12-31T23:59:59.999999Z");
  CHECK(format_once(sys_days{2000y / 2 / 29} + 23h + 59min + 59s + 7us) == "2000-02-29T23:59:59.000007Z");
  CHECK(format_once(sys_days{2100y / 3 / 1} - 1us) == "2100-02-28T23:59:59.999999Z");
}

TEST_CASE("Timestamp: a year that RFC 3339 cannot write is held at the nearest that it can") {
  CHECK(format_once(sys_days{1y / 1 / 1}) == "0001-01-01T00:00:00.000000Z");
  CHECK(format_once(sys_days{1y / 1 / 1} - 1us) == "0001-01-01T00:00:00.000000Z");
  CHECK(format_once(ReceiveTime::min()) == "0001-01-01T00:00:00.000000Z");
  CHECK(format_once(sys_days{10000y / 1 / 1}) == "9999-12-31T23:59:59.999999Z");
  CHECK(format_once(ReceiveTime::max()) == "9999-12-31T23:59:59.999999Z");
}

TEST_CASE("Timestamp: what one formatter remembers never shows in the next time") {
  TimestampFormatter timestamps;
  const ReceiveTime start = sys_days{2023y / 12 / 31} + 23h + 59min + 58s;
  ReceiveTime time = start;
  const std::initializer_list<microseconds> steps{0us, 999999us, 1us,        500ms,         500ms,
                                                  1us, -2us,     -24h * 400, 24h * 366 * 5, -1us};
  for (const microseconds step : steps) {
    time += step;
    CHECK(timestamps.format(time) == format_once(time));
  }
  CHECK(timestamps.format(start + 2s) == "2024-01-01T00:00:00.000000Z");
  CHECK(timestamps.format(ReceiveTime{}) == "1970-01-01T00:00:00.000000Z");
}
