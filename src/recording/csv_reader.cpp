#include "csv_reader.hpp"

#include "mqtt_logger/base/timestamp.hpp"
#include "mqtt_logger/format/csv.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace mqtt_logger {
namespace {

constexpr std::size_t kColumns = 6;
constexpr std::size_t kTimestampLength = 27;

/// Where from `at` on a field without quotes ends; a quotation mark ends it too.
std::size_t find_end_of_plain(std::string_view text, std::size_t at) noexcept {
  while (at < text.size() && text[at] != ',' && text[at] != '\n' && text[at] != '"') ++at;
  return at;
}

bool begins_as_record(std::string_view line) noexcept {
  return line.size() > kTimestampLength && line[kTimestampLength] == ',' &&
         parse_timestamp(line.substr(0, kTimestampLength)).has_value();
}

/// Our header, perhaps with the names of further columns behind it.
bool is_header(const std::vector<std::string_view>& fields) {
  if (fields.front() != kCsvHeader.substr(0, kCsvHeader.find(','))) return false;
  std::string joined;
  for (std::size_t i = 0; i < std::min(fields.size(), kColumns); ++i) joined.append(fields[i]).append(",");
  joined.back() = '\n';
  return fields.size() >= kColumns && joined == kCsvHeader;
}

}  // namespace

CsvRow::Result CsvRow::read_quoted(std::string_view text, std::size_t& at) {
  const std::size_t begin = at;
  std::string* const undoubled = &undoubled_[fields_.size()];
  undoubled->clear();
  for (std::size_t part = begin;;) {
    const std::size_t quote = text.find('"', part);
    if (quote == std::string_view::npos || quote + 1 == text.size()) return Result::unfinished;
    at = quote + 1;
    if (text[at] != '"') {
      if (undoubled->empty() && part == begin) {
        fields_.push_back(text.substr(begin, quote - begin));
      } else {
        undoubled->append(text, part, quote - part);
        fields_.emplace_back(*undoubled);
      }
      return Result::whole;
    }
    undoubled->append(text, part, at - part);
    part = at + 1;
  }
}

CsvRow::Result CsvRow::read(std::string_view text) {
  fields_.clear();
  std::size_t at = 0;
  for (;;) {
    if (at == text.size()) return Result::unfinished;
    if (undoubled_.size() <= fields_.size()) {
      // The views of this row would dangle if the strings moved.
      if (fields_.size() >= 256) return Result::broken;
      undoubled_.resize(256);
    }
    if (text[at] == '"') {
      ++at;
      if (const Result result = read_quoted(text, at); result != Result::whole) return result;
    } else {
      const std::size_t end = find_end_of_plain(text, at);
      if (end == text.size()) return Result::unfinished;
      fields_.push_back(text.substr(at, end - at));
      at = end;
    }
    length_ = at + 1;
    if (text[at] == '\n') return Result::whole;
    if (text[at] != ',') return Result::broken;
    ++at;
  }
}

CsvReader::CsvReader(std::unique_ptr<ByteSource> source, OnFault on_fault)
    : window_{std::move(source)}, on_fault_{std::move(on_fault)} {}

void CsvReader::consume(std::size_t length) noexcept {
  const std::string_view text = window_.text().substr(0, length);
  // By find(), because a row mostly has one line break, at its end.
  for (std::size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1)) ++line_;
  window_.consume(length);
}

void CsvReader::skip_to_next_record() {
  for (;;) {
    const std::string_view text = window_.text();
    const std::size_t line_end = text.find('\n');
    const std::size_t needed =
        line_end == std::string_view::npos ? text.size() + 1 : line_end + 2 + kTimestampLength;
    if (text.size() < needed && window_.extend()) continue;
    if (line_end == std::string_view::npos) {
      consume(text.size());
      return;
    }
    consume(line_end + 1);
    if (begins_as_record(window_.text())) return;
  }
}

void CsvReader::report_unfinished(std::size_t length) {
  on_fault_(line_, "the line is torn: " + quote_for_fault(window_.text().substr(0, length)));
}

/// False at the end of the file.
bool CsvReader::read_row() {
  for (;;) {
    const CsvRow::Result result =
        window_.text().empty() ? CsvRow::Result::unfinished : row_.read(window_.text());
    if (result == CsvRow::Result::whole) return true;
    if (result == CsvRow::Result::unfinished) {
      if (window_.extend()) continue;
      if (window_.text().empty()) return false;
    }
    report_unfinished(window_.text().size());
    skip_to_next_record();
  }
}

void CsvReader::read_header() {
  columns_ = kColumns;
  if (!read_row()) {
    on_fault_(1, "the header is missing: the file is empty");
    return;
  }
  if (line_ != 1) return;  // the first line was torn, and has been told
  if (is_header(row_.fields())) {
    columns_ = row_.fields().size();
  } else {
    const std::string_view line = window_.text().substr(0, row_.length() - 1);
    if (begins_as_record(line)) {
      on_fault_(1, "the header is missing");
      return;
    }
    on_fault_(1, "the header is wrong: " + quote_for_fault(line));
  }
  consume(row_.length());
}

bool CsvReader::next(RecordedMessage& record) {
  if (is_at_end_) return false;
  try {
    if (!is_started_) read_header();
    is_started_ = true;
    while (read_row()) {
      const auto& fields = row_.fields();
      const std::string_view text = window_.text().substr(0, row_.length());
      record = {};
      record.line = line_;
      record.bytes = text.size();
      bool is_record = false;
      std::optional<std::string> fault;
      if (is_header(fields)) {
        fault = "the header is repeated here";
      } else if (fields.size() != columns_) {
        fault = fmt::format("{} fields in place of {}: {}", fields.size(), columns_,
                            quote_for_fault(text.substr(0, text.size() - 1)));
      } else {
        fault = complete_record({fields[0], fields[1], fields[2], fields[3], fields[4], fields[5]}, record,
                                decoded_, is_record);
      }
      if (fault) on_fault_(line_, *fault);
      // What seems to be a row of several lines may have swallowed records behind a torn one.
      if (!is_record && text.find('\n') + 1 < text.size())
        skip_to_next_record();
      else
        consume(text.size());
      if (is_record) return true;
    }
  } catch (const ReadError& error) {
    on_fault_(line_, error.what());
  }
  is_at_end_ = true;
  return false;
}

}  // namespace mqtt_logger
