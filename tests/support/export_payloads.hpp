#pragma once

#include "mqtt_logger/format/csv.hpp"
#include "mqtt_logger/options/options.hpp"

#include "support/csv_reader.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mqtt_logger::test {

using Payloads = std::vector<std::string>;

inline std::optional<Payloads> read_csv_payloads(std::string_view text) {
  const auto rows = read_csv(text);
  if (!rows || rows->empty() || !text.starts_with(kCsvHeader.substr(0, kCsvHeader.size() - 1)))
    return std::nullopt;
  Payloads payloads;
  for (std::size_t i = 1; i < rows->size(); ++i) {
    const CsvRow& row = (*rows)[i];
    if (row.size() != rows->front().size() || row == rows->front()) return std::nullopt;
    payloads.push_back(row[2]);
  }
  return payloads;
}

inline std::optional<std::string> read_json_payload(const nlohmann::json& record) {
  if (!record.is_object() || !record.contains("payload")) return std::nullopt;
  const auto& payload = record["payload"];
  return payload.is_string() ? payload.get<std::string>() : payload.dump();
}

inline std::optional<Payloads> read_json_payloads(std::string_view text) {
  const auto document = nlohmann::json::parse(text, nullptr, false);
  if (!document.is_array() || text.find('\0') != std::string_view::npos) return std::nullopt;
  Payloads payloads;
  for (const auto& record : document) {
    auto payload = read_json_payload(record);
    if (!payload) return std::nullopt;
    payloads.push_back(std::move(*payload));
  }
  return payloads;
}

inline std::optional<Payloads> read_jsonl_payloads(std::string_view text) {
  Payloads payloads;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    const auto record = nlohmann::json::parse(line, nullptr, false);
    auto payload = read_json_payload(record);
    if (end == std::string_view::npos || !payload || line.find('\0') != std::string_view::npos)
      return std::nullopt;
    payloads.push_back(std::move(*payload));
    text.remove_prefix(end + 1);
  }
  return payloads;
}

/// The payloads in an export, in order; nothing if a strict reader would refuse it.
inline std::optional<Payloads> read_payloads(Format format, std::string_view text) {
  switch (format) {
    case Format::csv:
      return read_csv_payloads(text);
    case Format::json:
      return read_json_payloads(text);
    case Format::jsonl:
      return read_jsonl_payloads(text);
  }
  return std::nullopt;
}

}  // namespace mqtt_logger::test
