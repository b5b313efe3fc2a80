#include "mqtt_logger/exports/series_name.hpp"

#include "support/catch.hpp"

#include <string>

using namespace mqtt_logger;
using namespace std::chrono_literals;

namespace {

constexpr ReceiveTime kTime{1'795'188'961'000'000us};  // 2026-11-20T15:36:01Z
const std::filesystem::path kOutput{"exports/data"};

}  // namespace

TEST_CASE("A file of a series is named by the second of its first record, with a counter if need be") {
  const FileNumber first = first_file_number(kTime + 999'999us);
  CHECK(export_path(kOutput, Format::csv, first) == "exports/data-20261120T153601Z.csv");
  CHECK(export_path(kOutput, Format::jsonl, next_file_number(first)) ==
        "exports/data-20261120T153601Z-2.jsonl");
  CHECK(export_path(kOutput, Format::json) == "exports/data.json");
  CHECK(birth_of(next_file_number(first)) == kTime);
  CHECK(first_file_number(kTime + 1s) > next_file_number(first));
}

TEST_CASE("Names are in order and never those of the single file, also with a broken clock") {
  CHECK(export_path(kOutput, Format::csv, first_file_number(ReceiveTime::min())) ==
        "exports/data-19700101T000000Z.csv");
  CHECK(export_path(kOutput, Format::csv, first_file_number(ReceiveTime::max())) ==
        "exports/data-99991231T235959Z.csv");
  FileNumber number = first_file_number(kTime);
  for (int i = 0; i < 70'000; ++i) {
    const FileNumber next = next_file_number(number);
    REQUIRE(next > number);
    number = next;
  }
  CHECK(export_path(kOutput, Format::csv, number) == "exports/data-20261120T153602Z-4466.csv");
}

TEST_CASE("Every name of a series is recognised, and nothing else") {
  for (FileNumber number : {first_file_number(kTime), next_file_number(first_file_number(kTime))}) {
    for (const Format format : {Format::csv, Format::json, Format::jsonl}) {
      const auto path = export_path(kOutput, format, number);
      for (const bool is_compressed : {false, true}) {
        const auto found =
            parse_series_name(kOutput, (is_compressed ? compressed_path(path) : path).filename());
        REQUIRE(found);
        CHECK(found->number == number);
        CHECK(found->format == format);
        CHECK(found->is_compressed == is_compressed);
        CHECK_FALSE(found->is_part);
        CHECK(parse_series_name(kOutput, part_path(path).filename())->is_part);
      }
    }
  }
  const auto* const foreign = GENERATE(
      "data.csv", "data-20261120T153601Z", "data-20261120T153601Z.txt", "data-20261120T153601Z.csv.part",
      "data-20261120T153601Z.csv.gz.part.gz", "data-20261120T153601Z-1.csv", "data-20261120T153601Z-02.csv",
      "data-20261120T153601Z-0.csv", "data-20261120T153601Z-65536.csv", "data-20261120T153601Z-2x.csv",
      "data-20261120T153601Z-.csv", "data-20261320T153601Z.csv", "data-20260230T153601Z.csv",
      "data-20261120T253601Z.csv", "data-2026112OT153601Z.csv", "data2-20261120T153601Z.csv",
      "dat-20261120T153601Z.csv", "data-20261120T153601Z.CSV", "Xdata-20261120T153601Z.csv",
      "data-20261120T153601Z.csv.gz.gz", "data-", "data-20261120T153601.csv", "data-19691231T235959Z.csv",
      "");
  CHECK_FALSE(parse_series_name(kOutput, foreign));
}
