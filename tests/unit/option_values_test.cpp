#include "mqtt_logger/options/option_values.hpp"

#include "support/catch.hpp"

#include <string>

using namespace mqtt_logger;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kMebibyte = 1024 * 1024;

}  // namespace

TEST_CASE("Numbers are decimal digits and nothing else") {
  CHECK(parse_number("0") == 0);
  CHECK(parse_number("007") == 7);
  CHECK(parse_number("18446744073709551615") == UINT64_MAX);
  for (const char* text :
       {"", " ", "-1", "+1", " 1", "1 ", "1.0", "0x10", "1e3", "nan", "1_000", "18446744073709551616"}) {
    CAPTURE(text);
    CHECK(parse_number(text) == std::nullopt);
  }
}

TEST_CASE("Durations have units, and seconds where there is none") {
  CHECK(parse_duration("0") == 0ms);
  CHECK(parse_duration("2") == 2s);
  CHECK(parse_duration("0.5") == 500ms);
  CHECK(parse_duration("0.001") == 1ms);
  CHECK(parse_duration("250ms") == 250ms);
  CHECK(parse_duration("2s") == 2s);
  CHECK(parse_duration("5m") == 5min);
  CHECK(parse_duration("1h") == 1h);
  CHECK(parse_duration("7d") == 168h);
  CHECK(parse_duration("1.5h") == 90min);
  CHECK(parse_duration("1h30m") == 90min);
  CHECK(parse_duration("1d2h3m4s5ms") == 26h + 3min + 4s + 5ms);
  CHECK(parse_duration("0.10000") == 100ms);
  CHECK(parse_duration("9223372036854775807ms") == std::chrono::milliseconds::max());
}

TEST_CASE("Durations that are not exactly some milliseconds are nothing") {
  for (const char* text : {"",
                           " ",
                           "s",
                           "ms",
                           "-1",
                           "-1s",
                           "+1",
                           " 1s",
                           "1s ",
                           "1 s",
                           "1S",
                           "1sec",
                           "1w",
                           "0x10",
                           "1e3",
                           "nan",
                           "inf",
                           ".5",
                           "5.",
                           "1.s",
                           "1..5",
                           "1.2.3",
                           "0.0001",
                           "0.5ms",
                           "0.3333333333333333333333333",
                           "30m1h",
                           "1h1h",
                           "1h30",
                           "1s250",
                           "1h-5m",
                           "9223372036854775808ms",
                           "9223372036854776",
                           "18446744073709551616",
                           "106751991168d",
                           "99999999999d999999999999h",
                           "1\xC2\xB5s"}) {
    CAPTURE(text);
    CHECK(parse_duration(text) == std::nullopt);
  }
}

TEST_CASE("Sizes have binary and decimal units") {
  CHECK(parse_size("0") == 0);
  CHECK(parse_size("65536") == 65536);
  CHECK(parse_size("65536B") == 65536);
  CHECK(parse_size("64KiB") == 65536);
  CHECK(parse_size("64K") == 65536);
  CHECK(parse_size("64kB") == 64000);
  CHECK(parse_size("64KB") == 64000);
  CHECK(parse_size("64MiB") == 64 * kMebibyte);
  CHECK(parse_size("64M") == 64 * kMebibyte);
  CHECK(parse_size("64MB") == 64'000'000);
  CHECK(parse_size("1.5GiB") == 1536 * kMebibyte);
  CHECK(parse_size("1G") == 1024 * kMebibyte);
  CHECK(parse_size("1GB") == 1'000'000'000);
  CHECK(parse_size("1TiB") == kMebibyte * kMebibyte);
  CHECK(parse_size("1T") == kMebibyte * kMebibyte);
  CHECK(parse_size("1TB") == 1'000'000'000'000);
  CHECK(parse_size("18446744073709551615") == UINT64_MAX);
  CHECK(parse_size("18446744073709551.615kB") == UINT64_MAX);
  CHECK(parse_size("18446744073709551.616kB") == std::nullopt);
  CHECK(parse_size("16777215T") == UINT64_MAX - kMebibyte * kMebibyte + 1);
}

TEST_CASE("Sizes that are not exactly some bytes are nothing") {
  for (const char* text : {"",
                           "MiB",
                           "-1",
                           "+1",
                           " 1",
                           "1 MiB",
                           "1MiB ",
                           "1mib",
                           "1Mib",
                           "1k",
                           "1PiB",
                           "0x100",
                           "1e6",
                           "1.5",
                           "0.0001KiB",
                           "nan",
                           "1MiB1",
                           "18446744073709551616",
                           "16777216T",
                           "18446744073709551615.5K",
                           "16777215.99999999999T"}) {
    CAPTURE(text);
    CHECK(parse_size(text) == std::nullopt);
  }
}
