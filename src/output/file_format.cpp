#include "mqtt_logger/output/file_format.hpp"

#include "mqtt_logger/format/csv.hpp"
#include "mqtt_logger/format/json.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace mqtt_logger {
namespace {

constexpr std::string_view kRecordBegin = R"({"timestamp":")";

// A record may span lines in CSV, so its last line is told by how it ends: `…,encoding,qos,retain`.
bool is_csv_record_end(std::string_view text) {
  const auto take_field = [&text] {
    const std::size_t comma = text.rfind(',');
    if (comma == std::string_view::npos) return std::string_view{};
    const std::string_view field = text.substr(comma + 1);
    text.remove_suffix(text.size() - comma);
    return field;
  };
  const std::string_view retain = take_field();
  const std::string_view qos = take_field();
  const std::string_view encoding = take_field();
  constexpr std::array<std::string_view, 3> kEncodings{"json", "text", "base64"};
  return (retain == "true" || retain == "false") && (qos == "0" || qos == "1" || qos == "2") &&
         std::ranges::find(kEncodings, encoding) != kEncodings.end();
}

bool is_json_record_end(std::string_view text) {
  return text.ends_with('}');
}

constexpr std::array<FileFormat, 3> kFormats{
    FileFormat{".csv", kCsvHeader, "", "", "", "", append_csv, "", is_csv_record_end},
    FileFormat{".json", "[", "\n", ",\n", "", "\n]\n", append_json, kRecordBegin, is_json_record_end},
    FileFormat{".jsonl", "", "", "", "\n", "", append_json, kRecordBegin, is_json_record_end},
};

}  // namespace

const FileFormat& file_format(Format format) noexcept {
  return kFormats[static_cast<std::size_t>(format)];
}

}  // namespace mqtt_logger
