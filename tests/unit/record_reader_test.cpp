// The readers of exports against the encoders that write them, wherever a block ends.

#include "mqtt_logger/format/csv.hpp"
#include "mqtt_logger/format/json.hpp"

#include "recording/csv_reader.hpp"
#include "recording/json_reader.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace mqtt_logger {
namespace {

/// Gives so many bytes at a time.
class TextSource final : public ByteSource {
 public:
  TextSource(std::string text, std::size_t step) : text_{std::move(text)}, step_{step} {}

  std::size_t read(std::span<char> buffer) override {
    const std::size_t count = std::min({buffer.size(), step_, text_.size() - at_});
    std::copy_n(text_.data() + at_, count, buffer.data());
    at_ += count;
    return count;
  }
  std::uint64_t position() const noexcept override { return at_; }

 private:
  std::string text_;
  std::size_t step_;
  std::size_t at_ = 0;
};

struct Kept {
  std::string topic;
  std::string payload;
  Encoding encoding{};
  QoS qos{};
  bool is_retained = false;
  ReceiveTime time;
  bool operator==(const Kept&) const = default;
};

struct Reading {
  std::vector<Kept> records;
  std::vector<std::string> faults;
};

template <typename Reader, typename... Arguments>
Reading read_all(const std::string& text, std::size_t step, Arguments... arguments) {
  Reading reading;
  Reader reader{std::make_unique<TextSource>(text, step), arguments...,
                [&](std::uint64_t line, const std::string& what) {
                  reading.faults.push_back(std::to_string(line) + ": " + what);
                }};
  RecordedMessage record;
  while (reader.next(record)) {
    reading.records.push_back({std::string{record.topic}, std::string{record.payload}, record.encoding,
                               record.qos, record.is_retained, record.time});
  }
  return reading;
}

std::vector<Kept> make_messages() {
  std::vector<Kept> messages;
  const std::vector<std::string> payloads{"1",
                                          " 1\t",
                                          "",
                                          "text",
                                          "a,b",
                                          "\"",
                                          "\"\"",
                                          "a\"b\"",
                                          "\n",
                                          "\r\n\"\n",
                                          ",",
                                          "{\"a\":\"b,\\\"\"}",
                                          "\xFF",
                                          std::string{"\0", 1},
                                          "2026-11-20T15:36:01.000001Z,t,x,text,0,false\n",
                                          std::string(1000, '"'),
                                          "€\x01"};
  int number = 0;
  for (const std::string& payload : payloads) {
    messages.push_back({number % 2 == 0 ? "plain" : "with,comma \"and quotes\"\n", payload,
                        find_encoding(payload), static_cast<QoS>(number % 3), number % 4 == 0,
                        ReceiveTime{std::chrono::microseconds{1'700'000'000'000'000 + number}}});
    ++number;
  }
  return messages;
}

template <typename Append>
std::string write(const std::vector<Kept>& messages, Append append) {
  std::string text;
  TimestampFormatter timestamps;
  for (const Kept& message : messages) {
    append(text,
           make_fields({message.time, message.topic, message.payload, {}, message.qos, message.is_retained},
                       timestamps));
  }
  return text;
}

TEST_CASE("A CSV export is read back byte for byte, in blocks of any size") {
  const auto messages = make_messages();
  const std::string text =
      std::string{kCsvHeader} +
      write(messages, [](std::string& out, const Fields& fields) { append_csv(out, fields); });
  for (const std::size_t step : {1U, 2U, 3U, 7U, 64U, 100'000U}) {
    const Reading reading = read_all<CsvReader>(text, step);
    CHECK(reading.faults.empty());
    CHECK(reading.records == messages);
  }
}

TEST_CASE("A JSON export is read back, in blocks of any size") {
  const auto messages = make_messages();
  const std::string lines = write(messages, [](std::string& out, const Fields& fields) {
    append_json(out, fields);
    out += '\n';
  });
  std::string array = "[\n" + write(messages, [](std::string& out, const Fields& fields) {
                        append_json(out, fields);
                        out += ",\n";
                      });
  array.replace(array.size() - 2, 2, "\n]\n");
  for (const std::size_t step : {1U, 2U, 3U, 7U, 64U, 100'000U}) {
    const Reading of_lines = read_all<JsonReader>(lines, step, JsonReader::Layout::lines);
    CHECK(of_lines.faults.empty());
    CHECK(of_lines.records == messages);
    const Reading of_array = read_all<JsonReader>(array, step, JsonReader::Layout::array);
    CHECK(of_array.faults.empty());
    CHECK(of_array.records == messages);
  }
}

TEST_CASE("Cut at any byte, a CSV export has one fault at most, and loses one record at most") {
  const auto messages = make_messages();
  const std::string text =
      std::string{kCsvHeader} +
      write(messages, [](std::string& out, const Fields& fields) { append_csv(out, fields); });
  const std::size_t first = text.find('\n', kCsvHeader.size()) + 1;
  for (std::size_t cut = kCsvHeader.size() + 1; cut < first; ++cut) {
    // The rest of the first record is gone, with its line end.
    std::string torn = text;
    torn.erase(cut, first - cut);
    const Reading reading = read_all<CsvReader>(torn, 100'000);
    INFO(cut);
    CHECK(reading.faults.size() == 1);
    CHECK(reading.records.size() >= messages.size() - 2);
  }
  for (std::size_t cut = kCsvHeader.size(); cut < text.size(); ++cut) {
    const Reading reading = read_all<CsvReader>(text.substr(0, cut), 100'000);
    INFO(cut);
    const bool is_prefix = std::equal(reading.records.begin(), reading.records.end(), messages.begin());
    CHECK((is_prefix || !reading.faults.empty()));
    CHECK(reading.faults.size() <= 2);
  }
}

TEST_CASE("Cut at any byte, a JSON export says so") {
  const auto messages = make_messages();
  std::string array = "[\n" + write(messages, [](std::string& out, const Fields& fields) {
                        append_json(out, fields);
                        out += ",\n";
                      });
  array.replace(array.size() - 2, 2, "\n]\n");
  for (std::size_t cut = 0; cut < array.size(); ++cut) {
    const Reading reading = read_all<JsonReader>(array.substr(0, cut), 100'000, JsonReader::Layout::array);
    INFO(cut);
    CHECK_FALSE(reading.faults.empty());
    CHECK(std::equal(reading.records.begin(), reading.records.end(), messages.begin()));
  }
}

}  // namespace
}  // namespace mqtt_logger
