#pragma once

#include "mqtt_logger/format/csv.hpp"
#include "mqtt_logger/format/json.hpp"
#include "mqtt_logger/format/properties.hpp"

#include "base64.hpp"
#include "csv_reader.hpp"
#include "expected_text.hpp"

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

  MessageView message_;
  TimestampFormatter timestamps_;
  Fields fields_;
  std::string expected_topic_;
};

}  // namespace mqtt_logger::test
