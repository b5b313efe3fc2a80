#pragma once

#include "mqtt_logger/format/csv.hpp"
#include "mqtt_logger/format/json.hpp"

#include "base64.hpp"
#include "csv_reader.hpp"
#include "expected_text.hpp"
#include "format/properties.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mqtt_logger::test {

/// Encodes a message as every format does, and reads it back with readers that are not ours.
class RoundTrip {
 public:
  explicit RoundTrip(const MessageView& message)
      : message_{message},
        fields_{make_fields(message_, timestamps_)},
        expected_topic_{expect_valid_utf8(message.topic)} {}
  RoundTrip(const RoundTrip&) = delete;  // fields_ looks into timestamps_
  RoundTrip& operator=(const RoundTrip&) = delete;

  /// The first thing that is not recovered, in words; nothing if all is well.
  [[nodiscard]] std::optional<std::string> find_fault() const {
    if (fields_.encoding != expect_encoding()) return "the encoding is not the one expected";
    if (auto fault = find_csv_fault()) return "CSV: " + *fault;
    if (auto fault = find_json_fault()) return "JSON: " + *fault;
    if (auto fault = find_columns_fault()) return "columns: " + *fault;
    return std::nullopt;
  }

 private:
  using Fault = std::optional<std::string>;

  [[nodiscard]] Encoding expect_encoding() const {
    const std::string_view payload = message_.payload;
    if (payload.find('\0') != std::string_view::npos || expect_valid_utf8(payload) != payload)
      return Encoding::base64;
    return expect_portable_json(payload) ? Encoding::json : Encoding::text;
  }

  [[nodiscard]] std::string qos_digit() const { return std::to_string(static_cast<int>(message_.qos)); }

  [[nodiscard]] Fault find_csv_fault() const {
    std::string text{kCsvHeader};
    append_csv(text, fields_);
    const auto rows = read_csv(text);
    if (!rows) return "not readable";
    if (rows->size() != 2 || rows->front().size() != 6 || rows->back().size() != 6)
      return "not two rows of six";
    const CsvRow& row = rows->back();
    if (row[0] != fields_.timestamp) return "timestamp differs";
    if (row[1] != expected_topic_) return "topic differs";
    if ((row[3] == "base64" ? decode_base64(row[2]) : row[2]) != message_.payload) return "payload differs";
    if (row[3] != to_string(fields_.encoding)) return "encoding differs";
    if (row[4] != qos_digit()) return "QoS differs";
    if (row[5] != (message_.is_retained ? "true" : "false")) return "retain differs";
    return std::nullopt;
  }

  [[nodiscard]] Fault find_json_fault() const {
    std::string line;
    append_json(line, fields_);
    if (line.find_first_of("\r\n") != std::string::npos) return "not on one line";
    const auto record = nlohmann::ordered_json::parse("[\n" + line + "\n]", nullptr, false);
    if (record.is_discarded() || record.size() != 1) return "not readable";
    return find_record_fault(record[0], line);
  }

  [[nodiscard]] Fault find_record_fault(const nlohmann::ordered_json& record, std::string_view line) const {
    std::string properties;
    std::vector<std::string> names{"timestamp", "topic", "payload", "encoding", "qos", "retain"};
    if (append_properties(properties, message_.properties)) names.emplace_back("properties");
    std::vector<std::string> found_names;
    for (const auto& member : record.items()) found_names.push_back(member.key());
    if (found_names != names) return "other members, or in another order";
    if (record["timestamp"] != fields_.timestamp) return "timestamp differs";
    if (record["topic"] != expected_topic_) return "topic differs";
    if (record["encoding"] != to_string(fields_.encoding)) return "encoding differs";
    if (record["qos"].dump() != qos_digit()) return "QoS differs";
    if (record["retain"] != message_.is_retained) return "retain differs";
    if (!properties.empty() && record["properties"].dump() != properties) return "properties differ";
    return find_payload_fault(record["payload"], line);
  }

  [[nodiscard]] Fault find_payload_fault(const nlohmann::ordered_json& value, std::string_view line) const {
    switch (fields_.encoding) {
      case Encoding::json:
        return find_json_payload_fault(value, line);
      case Encoding::text:
        if (value != message_.payload) return "text payload differs";
        break;
      case Encoding::base64:
        if (!value.is_string() || decode_base64(value.get<std::string>()) != message_.payload) {
          return "binary payload differs";
        }
    }
    return std::nullopt;
  }

  [[nodiscard]] Fault find_json_payload_fault(const nlohmann::ordered_json& value,
                                              std::string_view line) const {
    if (value != nlohmann::ordered_json::parse(message_.payload)) return "JSON payload has another value";
    // Inside a string the quotation marks of these would be escaped; inside the payload, the second is not
    // the last.
    constexpr std::string_view kBefore = ",\"payload\":";
    const std::size_t begin = line.find(kBefore) + kBefore.size();
    const std::size_t end = line.rfind(",\"encoding\":\"json\",\"qos\":");
    std::string expected{message_.payload};
    std::replace_if(
        expected.begin(), expected.end(), [](char c) { return c == '\r' || c == '\n'; }, ' ');
    if (line.substr(begin, end - begin) != expected) return "JSON payload is not verbatim";
    return std::nullopt;
  }

  /// Extra columns stand behind what the record is without them, and hold what another reader finds.
  [[nodiscard]] Fault find_columns_fault() const {
    const std::vector<std::string> pointers{"", "/0", "/a/1"};
    std::vector<Column> columns{{"who", std::nullopt}};
    for (const std::string& pointer : pointers)
      columns.push_back({"at " + pointer, JsonPointer::parse(pointer)});
    FieldsMaker maker{columns, "who \"writes\""};
    const Fields fields = maker.make(message_);

    std::string plain_csv;
    append_csv(plain_csv, fields_);
    std::string csv;
    append_csv(csv, fields);
    if (!csv.starts_with(plain_csv.substr(0, plain_csv.size() - 1) + ",")) return "another CSV record";
    const auto rows = read_csv(make_csv_header(columns) + csv);
    if (!rows || rows->size() != 2 || rows->back().size() != 6 + columns.size()) return "not the CSV columns";
    const CsvRow& row = rows->back();

    std::string plain_json;
    append_json(plain_json, fields_);
    std::string json;
    append_json(json, fields);
    if (!json.starts_with(plain_json.substr(0, plain_json.size() - 1) + ",")) return "another JSON record";
    if (json.find_first_of("\r\n") != std::string::npos) return "not on one line";
    const auto record = nlohmann::ordered_json::parse(json, nullptr, false);
    if (record.is_discarded()) return "not valid JSON";

    if (row[6] != "who \"writes\"" || record["who"] != row[6]) return "not who wrote it";
    const auto payload = fields_.encoding == Encoding::json ? nlohmann::ordered_json::parse(message_.payload)
                                                            : nlohmann::ordered_json{};
    for (std::size_t i = 0; i < pointers.size(); ++i) {
      const std::string& text = row[7 + i];
      const std::string name = "at " + pointers[i];
      const auto* const expected = find_value(payload, pointers[i]);
      if (fields_.encoding != Encoding::json || expected == nullptr) {
        if (!text.empty() || record.contains(name)) return name + ": something where nothing is";
      } else if (!record.contains(name) || record[name] != *expected) {
        return name + ": another JSON value";
      } else if (!is_text_of(text, *expected)) {
        return name + ": another CSV text";
      }
    }
    return std::nullopt;
  }

  static const nlohmann::ordered_json* find_value(const nlohmann::ordered_json& text,
                                                  const std::string& pointer) {
    try {
      return &text.at(nlohmann::ordered_json::json_pointer{pointer});
    } catch (const nlohmann::ordered_json::exception&) {
      return nullptr;
    }
  }

  static bool is_text_of(const std::string& text, const nlohmann::ordered_json& value) {
    if (value.is_null()) return text.empty();
    if (!value.is_string()) return nlohmann::ordered_json::parse(text, nullptr, false) == value;
    std::string expected;
    for (const char c : value.get<std::string>()) expected += c == '\0' ? "\xEF\xBF\xBD" : std::string{c};
    return text == expected;
  }

  MessageView message_;
  TimestampFormatter timestamps_;
  Fields fields_;
  std::string expected_topic_;
};

}  // namespace mqtt_logger::test
