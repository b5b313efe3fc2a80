#include "mqtt_logger/exports/first_record.hpp"

#include "mqtt_logger/base/timestamp.hpp"
#include "mqtt_logger/exports/file_format.hpp"
#include "mqtt_logger/exports/gzip.hpp"
#include "mqtt_logger/format/csv.hpp"

#include <span>

namespace mqtt_logger {
namespace {

constexpr std::size_t kBeginningBytes = std::size_t{64} * 1024;  // a header with many columns
constexpr std::size_t kTimestampBytes = std::string_view{"2026-11-20T15:36:01.123456Z"}.size();

}  // namespace

std::error_code read_beginning(File& file, bool is_compressed, std::string& text) {
  if (is_compressed) return decompress_beginning(file, kBeginningBytes, text);
  text.assign(kBeginningBytes, '\0');
  std::size_t count = 0;
  const std::error_code error = file.read_at(0, text, count);
  text.resize(count);
  return error;
}

std::optional<ReceiveTime> find_first_time(std::string_view text, Format format) {
  const FileFormat rules = file_format(format);
  std::size_t begin = 0;
  if (format == Format::csv) {  // its header may have columns of an earlier run
    if (!text.starts_with(kCsvHeader.substr(0, kCsvHeader.size() - 1))) return std::nullopt;
    begin = text.find('\n');
    if (begin++ == std::string_view::npos) return std::nullopt;
  } else {
    const std::string opening =
        rules.opening + std::string{rules.before_first} + std::string{rules.record_begin};
    if (!text.starts_with(opening)) return std::nullopt;
    begin = opening.size();
  }
  return parse_timestamp(text.substr(begin, kTimestampBytes));
}

}  // namespace mqtt_logger
