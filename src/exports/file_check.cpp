#include "mqtt_logger/exports/file_check.hpp"

#include "mqtt_logger/format/csv.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <span>
#include <system_error>

namespace mqtt_logger {
namespace {

constexpr std::uint64_t kReadBytes = std::uint64_t{64} * 1024;
// A column of the largest MQTT message, with each quotation mark doubled.
constexpr std::uint64_t kMaxRecordBytes = std::uint64_t{512} * 1024 * 1024;

/// A line or several, of which no more than the beginning is held.
class HeldText {
 public:
  void append(std::string_view piece) {
    size_ += piece.size();
    if (!piece.empty()) last_ = piece.back();
    held_.append(piece.substr(0, static_cast<std::size_t>(kHeldRecordBytes) - held_.size()));
  }
  void clear() noexcept {
    held_.clear();
    size_ = 0;
    last_ = '\0';
  }
  void drop_last() noexcept {
    --size_;
    if (held_.size() > size_) held_.pop_back();
  }
  [[nodiscard]] std::string_view held() const noexcept { return held_; }
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  [[nodiscard]] bool is_long() const noexcept { return size_ != held_.size(); }
  [[nodiscard]] bool ends_with(char c) const noexcept { return last_ == c; }

 private:
  std::string held_;
  std::uint64_t size_ = 0;
  char last_ = '\0';
};

/// Lines of a file from an offset on; only those that end in LF, up to the first NUL: after a power failure a
/// part that never reached the device reads as zeros.
class LineReader {
 public:
  using OnPiece = std::function<void(std::string_view)>;

  LineReader(File& file, std::uint64_t begin, std::uint64_t size) : file_{file}, next_{begin}, size_{size} {}

  /// Gives the next line, without its LF, in pieces; whether it has ended in LF.
  bool next(const OnPiece& on_piece) {
    for (;;) {
      if (begin_ == buffer_.size() && !read()) return false;
      const std::string_view rest = std::string_view{buffer_}.substr(begin_);
      const std::size_t line_end = rest.find('\n');
      on_piece(rest.substr(0, line_end));
      begin_ += std::min(rest.size(), line_end == std::string_view::npos ? line_end : line_end + 1);
      if (line_end != std::string_view::npos) return true;
    }
  }

 private:
  bool read() {
    if (next_ >= size_) return false;
    const std::uint64_t end = std::min(size_, next_ + kReadBytes);
    buffer_ = read_bytes(file_, next_, end);
    begin_ = 0;
    next_ = end;
    if (const std::size_t zero = buffer_.find('\0'); zero != std::string::npos) {
      buffer_.resize(zero);
      next_ = size_;
    }
    return !buffer_.empty();
  }

  File& file_;
  std::uint64_t next_;
  std::uint64_t size_;
  std::string buffer_;
  std::size_t begin_ = 0;
};

/// Whether a long line is shaped as one JSON object, told piece by piece.
class JsonShape {
 public:
  void look_at(std::string_view piece) noexcept {
    for (const char c : piece) look_at(c);
  }
  [[nodiscard]] bool is_object() const noexcept { return !is_broken_ && !is_in_string_ && depth_ == 0; }

 private:
  void look_at(char c) noexcept {
    if (static_cast<unsigned char>(c) < 0x20) is_broken_ = true;
    if (is_in_string_) {
      if (!is_escaped_ && c == '"') is_in_string_ = false;
      is_escaped_ = !is_escaped_ && c == '\\';
      return;
    }
    if (c == '"') is_in_string_ = true;
    if (c == '{' || c == '[') ++depth_;
    if (c == '}' || c == ']') --depth_;
    if (depth_ < 0) is_broken_ = true;
  }

  std::int64_t depth_ = 0;
  bool is_in_string_ = false;
  bool is_escaped_ = false;
  bool is_broken_ = false;
};

bool ends_with_record(File& file, const FileFormat& format, std::uint64_t body_size);

std::uint64_t find_whole_csv(File& file, LineReader& lines, std::uint64_t begin, const FileFormat& format,
                             const OnRecord& on_record) {
  std::uint64_t end = begin;
  HeldText record;
  std::ptrdiff_t quotes = 0;
  const auto take = [&](std::string_view piece) {
    record.append(piece);
    quotes += std::ranges::count(piece, '"');
  };
  while (lines.next(take)) {
    record.append("\n");
    if (quotes % 2 != 0) continue;  // a quoted field goes on in the next line
    const bool is_record =
        record.is_long()
            ? ends_with_record(file, format, end + record.size())
            : format.check_record_end(record.held().substr(0, record.held().size() - 1)) == RecordEnd::ours;
    if (!is_record || !on_record({end, record.size(), record.held()})) break;
    end += record.size();
    record.clear();
  }
  return end;
}

std::uint64_t find_whole_json(File& file, LineReader& lines, std::uint64_t begin, const FileFormat& format,
                              const OnRecord& on_record) {
  std::uint64_t end = begin;
  std::uint64_t position = begin;
  const bool is_array = !format.closing.empty();
  HeldText line;
  JsonShape shape;
  if (is_array) {  // the body ends within a line
    if (!lines.next([&line](std::string_view piece) { line.append(piece); })) return end;
    if (line.size() != 0 && line.held() != ",") return end;
    position += line.size() + 1;
  }
  const auto take = [&](std::string_view piece) {
    shape.look_at(piece);
    line.append(piece);
  };
  for (;;) {
    line.clear();
    shape = {};
    if (!lines.next(take)) return end;
    const std::uint64_t line_size = line.size();
    if (is_array && line.ends_with(',')) line.drop_last();
    const std::uint64_t record_end = position + line.size() + (is_array ? 0 : 1);
    if (!line.held().starts_with(format.record_begin)) return end;
    const bool is_record = line.is_long() ? shape.is_object() && ends_with_record(file, format, record_end)
                                          : format.check_record_end(line.held()) == RecordEnd::ours &&
                                                nlohmann::json::accept(line.held());
    if (!is_record || !on_record({position, line.size(), line.held()})) return end;
    end = record_end;
    position += line_size + 1;
  }
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
    const RecordEnd found = format.check_record_end(end);
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

bool is_empty_export(File& file, const FileFormat& format, std::uint64_t size) {
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
  return format.extension == ".csv" ? find_whole_csv(file, lines, begin, format, on_record)
                                    : find_whole_json(file, lines, begin, format, on_record);
}

}  // namespace mqtt_logger
