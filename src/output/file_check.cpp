#include "mqtt_logger/output/file_check.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>
#include <span>
#include <system_error>

namespace mqtt_logger {
namespace {

constexpr std::uint64_t kChunkBytes = std::uint64_t{64} * 1024;

/// Lines of a file from an offset on; only those that end in LF.
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
      const std::uint64_t end = std::min(size_, next_ + kChunkBytes);
      buffer_ += read_bytes(file_, next_, end);
      next_ = end;
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

WholeRecords find_whole_csv(LineReader& lines, std::uint64_t begin, const FileFormat& format) {
  WholeRecords found{begin, 0};
  std::uint64_t position = begin;
  std::ptrdiff_t quotes = 0;
  while (const auto line = lines.next()) {
    if (line->find('\0') != std::string_view::npos) break;
    position += line->size() + 1;
    quotes += std::ranges::count(*line, '"');
    if (quotes % 2 != 0) continue;  // a quoted field goes on in the next line
    if (!format.is_record(*line)) break;
    found = {position, found.count + 1};
  }
  return found;
}

WholeRecords find_whole_json(LineReader& lines, std::uint64_t begin, const FileFormat& format) {
  WholeRecords found{begin, 0};
  std::uint64_t position = begin;
  const bool is_array = !format.closing.empty();
  if (is_array) {  // the body ends within a line
    const auto rest = lines.next();
    if (!rest || (!rest->empty() && *rest != ",")) return found;
    position += rest->size() + 1;
  }
  while (const auto line = lines.next()) {
    const bool goes_on = is_array && line->ends_with(',');
    const std::string_view record = line->substr(0, line->size() - (goes_on ? 1 : 0));
    if (!format.is_record(record) || !nlohmann::json::accept(record)) break;
    found = {position + record.size() + (is_array ? 0 : 1), found.count + 1};
    position += line->size() + 1;
  }
  return found;
}

// The body's last line, or its last part if that is enough for is_record().
std::string last_line(File& file, const FileFormat& format, std::uint64_t body_size) {
  const std::uint64_t end = body_size - (format.closing.empty() ? 1 : 0);  // without its LF
  for (std::uint64_t length = kChunkBytes;; length *= 4) {
    const std::uint64_t begin = end - std::min(end, length);
    std::string text = read_bytes(file, begin, end);
    const std::size_t line_break = text.rfind('\n');
    if (line_break != std::string::npos) return text.substr(line_break + 1);
    if (begin == 0) return text;
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

bool is_continuable(File& file, const FileFormat& format, std::uint64_t size) {
  const std::uint64_t frame = format.opening.size() + format.closing.size();
  if (size < frame || read_bytes(file, 0, format.opening.size()) != format.opening ||
      read_bytes(file, size - format.closing.size(), size) != format.closing) {
    return false;
  }
  const std::uint64_t body_size = size - format.closing.size();
  if (body_size == format.opening.size()) return true;
  const bool ends_in_line_break = read_bytes(file, size - 1, size) == "\n";
  return ends_in_line_break && format.is_record(last_line(file, format, body_size));
}

bool is_interrupted_write(std::string_view tail, std::string_view replay, const FileFormat& format) {
  const auto [tail_rest, replay_rest] = std::ranges::mismatch(tail, replay);
  const std::string_view rest{tail_rest, tail.end()};
  const auto same = static_cast<std::size_t>(tail_rest - tail.begin());
  const bool is_old_closing = same < format.closing.size() && rest == format.closing.substr(same);
  return is_old_closing || format.closing.starts_with(rest);
}

WholeRecords find_whole_records(File& file, const FileFormat& format, std::uint64_t begin,
                                std::uint64_t size) {
  LineReader lines{file, begin, size};
  return format.extension == ".csv" ? find_whole_csv(lines, begin, format)
                                    : find_whole_json(lines, begin, format);
}

}  // namespace mqtt_logger
