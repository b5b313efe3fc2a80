#include "mqtt_logger/exports/file_check.hpp"

#include "mqtt_logger/format/csv.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>
#include <span>
#include <system_error>

namespace mqtt_logger {
namespace {

constexpr std::uint64_t kReadBytes = std::uint64_t{64} * 1024;
// A column of the largest MQTT message, with each quotation mark doubled.
constexpr std::uint64_t kMaxRecordBytes = std::uint64_t{512} * 1024 * 1024;

/// Lines of a file from an offset on; only those that end in LF, up to the first NUL: after a power failure a
/// part that never reached the device reads as zeros.
class LineReader {
 public:
  LineReader(File& file, std::uint64_t begin, std::uint64_t size) : file_{file}, next_{begin}, size_{size} {}

  /// Without its LF; valid until the next call.
  std::optional<std::string_view> next() {
    std::size_t line_end = buffer_.find('\n', begin_);
    while (line_end == std::string::npos) {
      buffer_.erase(0, begin_);
      begin_ = 0;
      if (next_ == size_) return std::nullopt;
      const std::size_t searched = buffer_.size();
      const std::uint64_t end = std::min(size_, next_ + kReadBytes);
      buffer_ += read_bytes(file_, next_, end);
      next_ = end;
      if (const std::size_t zero = buffer_.find('\0', searched); zero != std::string::npos) {
        buffer_.resize(zero);
        next_ = size_;
      }
      line_end = buffer_.find('\n', searched);
    }
    const std::string_view line{buffer_.data() + begin_, line_end - begin_};
    begin_ = line_end + 1;
    return line;
  }

 private:
  File& file_;
  std::uint64_t next_;
  std::uint64_t size_;
  std::string buffer_;
  std::size_t begin_ = 0;
};

using OnRecord = std::function<bool(std::string_view)>;

std::uint64_t find_whole_csv(LineReader& lines, std::uint64_t begin, const FileFormat& format,
                             const OnRecord& on_record) {
  std::uint64_t end = begin;
  std::string record;
  std::ptrdiff_t quotes = 0;
  while (const auto line = lines.next()) {
    record.append(*line).push_back('\n');
    quotes += std::ranges::count(*line, '"');
    if (quotes % 2 != 0) continue;  // a quoted field goes on in the next line
    if (format.look_at_record_end(std::string_view{record}.substr(0, record.size() - 1)) != RecordEnd::ours)
      break;
    if (!on_record(record)) break;
    end += record.size();
    record.clear();
  }
  return end;
}

std::uint64_t find_whole_json(LineReader& lines, std::uint64_t begin, const FileFormat& format,
                              const OnRecord& on_record) {
  std::uint64_t end = begin;
  std::uint64_t position = begin;
  const bool is_array = !format.closing.empty();
  if (is_array) {  // the body ends within a line
    const auto rest = lines.next();
    if (!rest || (!rest->empty() && *rest != ",")) return end;
    position += rest->size() + 1;
  }
  while (const auto line = lines.next()) {
    const bool goes_on = is_array && line->ends_with(',');
    const std::string_view record = line->substr(0, line->size() - (goes_on ? 1 : 0));
    const bool is_record = record.starts_with(format.record_begin) &&
                           format.look_at_record_end(record) == RecordEnd::ours &&
                           nlohmann::json::accept(record);
    if (!is_record) break;
    if (!on_record(record)) break;
    end = position + record.size() + (is_array ? 0 : 1);
    position += line->size() + 1;
  }
  return end;
}

// Where the line that holds the byte before `end` begins.
std::uint64_t find_line_begin(File& file, std::uint64_t end) {
  for (std::uint64_t begin = end; begin != 0; end = begin) {
    begin -= std::min(begin, kReadBytes);
    const std::size_t line_break = read_bytes(file, begin, end).rfind('\n');
    if (line_break != std::string::npos) return begin + line_break + 1;
  }
  return 0;
}

// Reads on towards the beginning only as long as the last columns of a CSV record are that large.
bool ends_with_record(File& file, const FileFormat& format, std::uint64_t body_size) {
  for (std::uint64_t size = kReadBytes;; size *= 2) {
    std::string end = read_bytes(file, body_size - std::min(body_size, size), body_size);
    if (format.closing.empty()) {
      if (!end.ends_with('\n')) return false;
      end.pop_back();
    }
    const RecordEnd found = format.look_at_record_end(end);
    if (found != RecordEnd::unknown || size >= std::min(body_size, kMaxRecordBytes))
      return found == RecordEnd::ours;
  }
}

}  // namespace

std::string read_bytes(File& file, std::uint64_t begin, std::uint64_t end) {
  std::string bytes(static_cast<std::size_t>(end - begin), '\0');
  std::size_t count = 0;
  if (const std::error_code error = file.read_at(begin, std::span<char>{bytes}, count))
    throw std::system_error{error};
  bytes.resize(count);
  return bytes;
}

bool is_hardly_begun(File& file, const FileFormat& format, std::uint64_t size) {
  const std::string whole = std::string{format.opening} + std::string{format.closing};
  if (size > whole.size()) return false;
  const std::string bytes = read_bytes(file, 0, size);
  return std::equal(bytes.begin(), bytes.end(), whole.begin(),
                    [](char byte, char ours) { return byte == ours || byte == '\0'; });
}

bool is_body(File& file, const FileFormat& format, std::uint64_t body_size) {
  const std::uint64_t opening_size = format.opening.size();
  if (body_size < opening_size || read_bytes(file, 0, opening_size) != format.opening) return false;
  if (body_size == opening_size) return true;
  if (!ends_with_record(file, format, body_size)) return false;
  if (format.record_begin.empty()) return true;
  const std::uint64_t line = find_line_begin(file, body_size - (format.closing.empty() ? 1 : 0));
  return read_bytes(file, line, std::min(body_size, line + format.record_begin.size())) ==
         format.record_begin;
}

bool is_continuable(File& file, const FileFormat& format, std::uint64_t size) {
  if (size < format.closing.size()) return false;
  const std::uint64_t body_size = size - format.closing.size();
  return read_bytes(file, body_size, size) == format.closing && is_body(file, format, body_size);
}

FileFormat find_format_of(File& file, const FileFormat& format, std::uint64_t size) {
  FileFormat found = format;
  if (format.format != Format::csv) return found;
  const std::string begin = read_bytes(file, 0, std::min(size, kReadBytes));
  const std::string header = begin.substr(0, begin.find('\n') + 1);
  constexpr std::string_view kFields = kCsvHeader.substr(0, kCsvHeader.size() - 1);
  const char behind_fields = header.size() > kFields.size() ? header[kFields.size()] : '\0';
  if (!header.starts_with(kFields) || (behind_fields != ',' && behind_fields != '\n')) return found;
  found.opening = header;
  found.extra_columns = 0;
  bool is_quoted = false;  // a name may hold commas
  for (const char c : std::string_view{header}.substr(kFields.size())) {
    if (c == '"') is_quoted = !is_quoted;
    if (c == ',' && !is_quoted) ++found.extra_columns;
  }
  return found;
}

bool is_rest_of_closing(std::string_view rest, std::uint64_t overwritten, const FileFormat& format) noexcept {
  const bool is_old_closing = overwritten < format.closing.size() &&
                              rest == format.closing.substr(static_cast<std::size_t>(overwritten));
  return is_old_closing || format.closing.starts_with(rest);
}

std::uint64_t find_whole_records(File& file, const FileFormat& format, std::uint64_t begin,
                                 std::uint64_t size, const OnRecord& on_record) {
  LineReader lines{file, begin, size};
  return format.extension == ".csv" ? find_whole_csv(lines, begin, format, on_record)
                                    : find_whole_json(lines, begin, format, on_record);
}

}  // namespace mqtt_logger
