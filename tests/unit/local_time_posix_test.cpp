#include "mqtt_logger/platform/local_time.hpp"

#include "support/catch.hpp"

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <optional>
#include <string>

using namespace mqtt_logger;
using namespace std::chrono_literals;

namespace {

/// Makes this process's local time that of another place, as long as it lives.
class TimeZone {
 public:
  explicit TimeZone(const char* rule) {
    if (const char* const before = std::getenv("TZ")) before_ = before;
    ::setenv("TZ", rule, 1);
    ::tzset();
  }
  ~TimeZone() {
    if (before_) {
      ::setenv("TZ", before_->c_str(), 1);
    } else {
      ::unsetenv("TZ");
    }
    ::tzset();
  }
  TimeZone(const TimeZone&) = delete;
  TimeZone& operator=(const TimeZone&) = delete;

 private:
  std::optional<std::string> before_;
};

constexpr std::chrono::sys_seconds kSpring{std::chrono::sys_days{std::chrono::year{2026} / 3 / 29}};
constexpr std::chrono::sys_seconds kAutumn{std::chrono::sys_days{std::chrono::year{2026} / 10 / 25}};

}  // namespace

TEST_CASE("Local time is that of the moment in question, on both sides of a change of the clock") {
  const TimeZone berlin{"CET-1CEST,M3.5.0,M10.5.0/3"};
  CHECK(utc_offset(kSpring + 59min + 59s) == 1h);
  CHECK(utc_offset(kSpring + 1h) == 2h);
  CHECK(utc_offset(kAutumn + 59min + 59s) == 2h);
  CHECK(utc_offset(kAutumn + 1h) == 1h);
}

TEST_CASE("Local time may differ by half hours, and lie behind UTC") {
  const TimeZone lord_howe{"LHST-10:30LHDT-11,M10.1.0,M4.1.0"};
  CHECK(utc_offset(kSpring) == 11h);
  CHECK(utc_offset(kAutumn - 24h * 100) == 10h + 30min);
  const TimeZone newfoundland{"NST3:30NDT,M3.2.0,M11.1.0"};
  CHECK(utc_offset(kSpring) == -(2h + 30min));
}
