#include "mqtt_logger/exports/file_check.hpp"

#include "mqtt_logger/format/csv.hpp"

#include "support/catch.hpp"
#include "support/memory_files.hpp"

#include <string>
#include <vector>

using namespace mqtt_logger;
using namespace mqtt_logger::test;

namespace {

const std::string kCsvRecord =
    "2026-11-20T15:36:01.123456Z,a/b,\"two\nlines, \"\"quoted\"\"\",text,0,false\n";
const std::string kJsonRecord =
    R"({"timestamp":"2026-11-20T15:36:01.123456Z","topic":"a/b","payload":1,"encoding":"json","qos":0,"retain":false})";

std::unique_ptr<File> open(MemoryFiles& files, const std::string& bytes) {
  files.put("file", bytes);
  std::unique_ptr<File> file;
  REQUIRE_FALSE(files.open("file", file));
  return file;
}

bool is_continuable(Format format, const std::string& bytes) {
  MemoryFiles files;
  return mqtt_logger::is_continuable(*open(files, bytes), file_format(format), bytes.size());
}

struct Found {
  std::size_t end;
  std::vector<std::string> records;
};

Found find(Format format, std::size_t begin, const std::string& bytes) {
  MemoryFiles files;
  Found found;
  found.end = find_whole_records(*open(files, bytes), file_format(format), begin, bytes.size(),
                                 [&found](const FoundRecord& record) {
                                   found.records.emplace_back(record.text);
                                   return true;
                                 });
  return found;
}

}  // namespace

TEST_CASE("A long record is known by its begin, its end and its shape, and only its begin is held") {
  const std::string filling(2 * kHeldRecordBytes, GENERATE('x', '{', ','));
  const auto check = [](Format format, const std::string& before, const std::string& record,
                        const std::string& behind, std::size_t begin, std::size_t end) {
    const Found whole = find(format, begin, before + record + behind);
    CHECK(whole.end == end);
    REQUIRE(whole.records.size() == 1);
    CHECK((whole.records[0] == record.substr(0, kHeldRecordBytes)));
    const std::size_t middle = before.size() + record.size() / 2;
    for (const std::size_t torn : {before.size() + 1, middle, before.size() + record.size() - 1})
      CHECK(find(format, begin, (before + record).substr(0, torn)).end == begin);
    std::string with_hole = before + record + behind;
    with_hole.replace(middle, 4096, 4096, '\0');
    CHECK(find(format, begin, with_hole).end == begin);
  };
  const std::string fields = R"("encoding":"text","qos":1,"retain":false})";
  const std::string json =
      R"({"timestamp":"2026-11-20T15:36:01.123456Z","topic":"a","payload":")" + filling + "\",";
  check(Format::json, "[\n", json + fields, "\n]\n", 1, 1 + 1 + json.size() + fields.size());
  check(Format::json, "[\n", json + fields, ",\n{", 1, 1 + 1 + json.size() + fields.size());
  check(Format::jsonl, "", json + fields, "\n", 0, json.size() + fields.size() + 1);
  CHECK(find(Format::jsonl, 0, json + "\"" + fields + "\n").end == 0);  // another shape
  const std::string csv =
      "2026-11-20T15:36:01.123456Z,a,\"" + filling + "\n\"\"\n" + filling + "\",text,1,false\n";
  check(Format::csv, std::string{kCsvHeader}, csv, csv.substr(0, 99), kCsvHeader.size(),
        kCsvHeader.size() + csv.size());
}

TEST_CASE("An export can be continued that begins and ends as ours do") {
  const std::string header{kCsvHeader};
  CHECK(is_continuable(Format::csv, header));
  CHECK(is_continuable(Format::csv, header + kCsvRecord));
  CHECK_FALSE(is_continuable(Format::csv, header + kCsvRecord + kCsvRecord.substr(0, 20)));
  CHECK_FALSE(is_continuable(Format::csv, header + kCsvRecord + "\n"));
  CHECK_FALSE(is_continuable(Format::csv, header + kCsvRecord.substr(0, kCsvRecord.size() - 1)));
  CHECK_FALSE(is_continuable(Format::csv, header.substr(0, 10)));
  CHECK_FALSE(is_continuable(Format::csv, "time;topic\n" + kCsvRecord));
  CHECK_FALSE(is_continuable(Format::csv, ""));

  CHECK(is_continuable(Format::json, "[\n]\n"));
  CHECK(is_continuable(Format::json, "[\n" + kJsonRecord + "\n]\n"));
  CHECK(is_continuable(Format::json, "[\n" + kJsonRecord + ",\n" + kJsonRecord + "\n]\n"));
  CHECK_FALSE(is_continuable(Format::json, "[\n" + kJsonRecord + "\n]"));
  CHECK_FALSE(is_continuable(Format::json, "[\n" + kJsonRecord + "\n\n]\n"));
  CHECK_FALSE(is_continuable(Format::json, "[1, 2\n]\n"));
  CHECK_FALSE(is_continuable(Format::json, "[]"));

  CHECK(is_continuable(Format::jsonl, ""));
  CHECK(is_continuable(Format::jsonl, kJsonRecord + "\n"));
  CHECK_FALSE(is_continuable(Format::jsonl, kJsonRecord));
  CHECK_FALSE(is_continuable(Format::jsonl, "{}\n"));
}

TEST_CASE("The last record may be of any length") {
  std::string record = kJsonRecord;
  record.insert(record.find("a/b"), std::string(GENERATE(65'400u, 65'500u, 65'536u, 300'000u), 'x'));
  CHECK(is_continuable(Format::jsonl, kJsonRecord + "\n" + record + "\n"));
  CHECK(is_continuable(Format::json, "[\n" + record + "\n]\n"));
  record[2] = '?';
  CHECK_FALSE(is_continuable(Format::jsonl, kJsonRecord + "\n" + record + "\n"));
}

TEST_CASE("A file that a crash left while it was made is empty; a stranger's is not") {
  const std::string whole = "[\n]\n";
  MemoryFiles files;
  const auto is_begun = [&](const std::string& bytes) {
    return is_empty_export(*open(files, bytes), file_format(Format::json), bytes.size());
  };
  for (std::size_t size = 0; size <= whole.size(); ++size) CHECK(is_begun(whole.substr(0, size)));
  CHECK(is_begun(std::string(4, '\0')));
  CHECK_FALSE(is_begun("{"));
  CHECK_FALSE(is_begun(whole + "\n"));
}

TEST_CASE("Whole records are found up to the first byte that is none of ours") {
  const std::string csv{kCsvHeader};
  const std::string zeros(5000, '\0');
  for (const std::string& torn : {std::string{}, kCsvRecord.substr(0, 40), zeros, zeros + kCsvRecord,
                                  std::string{"\n"}, std::string{"?\n"}}) {
    INFO("torn: " << torn.substr(0, 40));
    const Found found = find(Format::csv, csv.size(), csv + kCsvRecord + kCsvRecord + torn);
    CHECK(found.end == csv.size() + 2 * kCsvRecord.size());
    CHECK(found.records == std::vector<std::string>(2, kCsvRecord));
  }
  for (const std::string& torn :
       {std::string{}, std::string{"\n]\n"}, std::string{",\n"}, ",\n" + kJsonRecord.substr(0, 50) + "\n]\n",
        zeros, ",\n" + zeros + "}\n]\n", "\n]\n" + kJsonRecord + "\n]\n"}) {
    INFO("torn: " << torn.substr(0, 40));
    const std::string body = "[\n" + kJsonRecord + ",\n" + kJsonRecord;
    // A line end is part of the record's end: without it the last record does not count.
    const bool is_ended = !torn.empty() && torn.front() != '\0';
    for (const std::size_t begin : {std::size_t{1}, 2 + kJsonRecord.size()}) {
      const Found found = find(Format::json, begin, body + torn);
      CHECK(found.end == (is_ended ? body.size() : 2 + kJsonRecord.size()));
      CHECK(found.records.size() == (begin == 1 ? 1u : 0u) + (is_ended ? 1u : 0u));
    }
  }
  const Found lines = find(Format::jsonl, 0, kJsonRecord + "\n" + kJsonRecord + "\n" + kJsonRecord);
  CHECK(lines.end == 2 * kJsonRecord.size() + 2);
  CHECK(lines.records == std::vector<std::string>(2, kJsonRecord));
}

TEST_CASE("A record is not taken for whole where zeros follow its closing brace") {
  const std::string hole = kJsonRecord + std::string(4096, '\0') + "\"qos\":0}";
  CHECK(find(Format::jsonl, 0, hole + "\n").records.empty());
}

TEST_CASE("A CSV record with extra columns is told by its end, however large they are") {
  const std::string payload = "2026-11-20T15:36:01.123456Z,a,\"x,y\",json,0,false";
  const std::vector<Column> columns{{"a", std::nullopt}, {"b", std::nullopt}};
  const auto is_continuable_with = [&columns](const std::string& bytes) {
    MemoryFiles files;
    return mqtt_logger::is_continuable(*open(files, bytes), file_format(Format::csv, columns), bytes.size());
  };
  const std::string header = make_csv_header(columns);
  const std::string large(GENERATE(0u, 1u, 65'000u, 65'480u, 65'490u, 65'500u, 65'530u, 65'536u, 600'000u),
                          'x');
  for (const std::string& value : {large, "\"" + large + "\"", "\"\"\"" + large + "\"",
                                   "\"" + large + "\"\"\"", "\",\"\"\n" + large + "\"\",json,0,true\""}) {
    CHECK(is_continuable_with(header + payload + ",1," + value + "\n"));
    CHECK(is_continuable_with(header + payload + "," + value + ",\n"));
    CHECK_FALSE(is_continuable_with(header + payload + "," + value + "\n"));
    CHECK_FALSE(is_continuable_with(header + payload + "x," + value + ",\n"));
  }
  CHECK_FALSE(is_continuable_with(std::string{kCsvHeader} + payload + "\n"));
}

TEST_CASE("The columns of a CSV are read from its header") {
  const FileFormat wanted = file_format(Format::csv);
  const auto find = [&wanted](const std::string& bytes) {
    MemoryFiles files;
    return find_format_of(*open(files, bytes), wanted, bytes.size());
  };
  const std::string fields{kCsvHeader.substr(0, kCsvHeader.size() - 1)};
  CHECK(find(fields + ",a,\"b,\"\"c\"\"\"\n" + kCsvRecord).extra_columns == 2);
  CHECK(find(fields + ",a\n").opening == fields + ",a\n");
  for (const std::string& foreign :
       {std::string{}, fields, fields + "a\n", fields + ",a", std::string{"time\n"}})
    CHECK(find(foreign).opening == wanted.opening);
}
