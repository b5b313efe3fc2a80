#include "mqtt_logger/log/log.hpp"

#include "support/catch.hpp"

#include <chrono>

using namespace mqtt_logger;

namespace {

std::string line(LogLevel level, std::string_view text) {
  using namespace std::chrono;
  const ReceiveTime time = sys_days{2026y / November / 20} + 15h + 36min + 1s + 123456us;
  std::string out;
  log::append_line(out, time, level, text);
  return out;
}

}  // namespace

TEST_CASE("Log lines begin with time and level in columns of equal width") {
  CHECK(line(LogLevel::error, "disk full") == "2026-11-20T15:36:01.123456Z error   disk full\n");
  CHECK(line(LogLevel::warning, "disk full") == "2026-11-20T15:36:01.123456Z warning disk full\n");
  CHECK(line(LogLevel::info, "disk full") == "2026-11-20T15:36:01.123456Z info    disk full\n");
  CHECK(line(LogLevel::debug, "") == "2026-11-20T15:36:01.123456Z debug   \n");
}

TEST_CASE("Log text cannot begin a line of its own") {
  CHECK(line(LogLevel::info, "topic a\n2026-11-20 error") ==
        "2026-11-20T15:36:01.123456Z info    topic a\\x0A2026-11-20 error\n");
}

TEST_CASE("Log leaves out what is above its level") {
  CHECK(log::is_enabled(LogLevel::info));
  CHECK_FALSE(log::is_enabled(LogLevel::debug));
  log::set_level(LogLevel::error);
  CHECK(log::is_enabled(LogLevel::error));
  CHECK_FALSE(log::is_enabled(LogLevel::warning));
  log::set_level(LogLevel::debug);
  CHECK(log::is_enabled(LogLevel::debug));
  log::set_level(LogLevel::info);
}
