#include "json_reader.hpp"

#include "mqtt_logger/base/utf8.hpp"
#include "mqtt_logger/format/decoding.hpp"
#include "mqtt_logger/format/json_scanner.hpp"
#include "mqtt_logger/format/json_validator.hpp"

#include <fmt/core.h>

#include <array>

namespace mqtt_logger {
namespace {

constexpr std::array<std::string_view, 6> kNames{R"("timestamp")", R"("topic")", R"("payload")",
                                                 R"("encoding")",  R"("qos")",   R"("retain")"};
constexpr std::size_t kPayload = 2;
constexpr std::string_view kRecordBegin = R"({"timestamp":)";

bool is_string(std::string_view value) noexcept {
  return value.size() >= 2 && value.starts_with('"');
}

/// The text of a string; a view of the literal where nothing is escaped in it.
bool decode(std::string_view literal, std::string& storage, std::string_view& text) {
  if (!is_string(literal)) return false;
  text = literal.substr(1, literal.size() - 2);
  if (text.find('\\') == std::string_view::npos) return true;
  storage.clear();
  if (!append_decoded_json_string(storage, literal)) return false;
  text = storage;
  return true;
}

}  // namespace

std::optional<std::string> JsonLine::read(std::string_view line, RecordedMessage& record, bool& is_record) {
  is_record = false;
  std::array<std::string_view, kNames.size()> values;
  std::string_view properties;
  std::string_view payload;  // without the whitespace that a JSON payload has around it
  std::size_t count = 0;
  JsonMembers members{line};
  while (members.next()) {
    if (count < kNames.size() && members.name() == kNames[count]) {
      // A JSON payload has its own whitespace around it.
      if (count == kPayload) payload = members.value();
      values[count] = count == kPayload ? members.padded_value() : members.value();
      ++count;
    } else if (count < kNames.size()) {
      return fmt::format("the member {} in place of {}", quote_for_fault(members.name()), kNames[count]);
    } else {
      if (!is_valid_utf8(members.value()) || !is_portable_json(members.value()))
        return fmt::format("the member {} is not valid JSON", quote_for_fault(members.name()));
      if (members.name() == R"("properties")") properties = members.value();
    }
  }
  if (!members.is_whole() || !members.rest().empty())
    return "the line is torn, or no JSON object: " + quote_for_fault(line);
  if (count < kNames.size()) return fmt::format("the member {} is missing", kNames[count]);
  if (!properties.empty() && !properties.starts_with('{')) return "the member \"properties\" is no object";

  RawRecord raw{{}, {}, {}, {}, values[4], values[5]};
  std::string unused;
  if (!decode(values[0], unused, raw.timestamp) || !decode(values[1], topic_, raw.topic) ||
      !is_string(values[3]))
    return "a member is not of its type: " + quote_for_fault(line);
  raw.encoding = values[3].substr(1, values[3].size() - 2);
  if (raw.encoding == "json") {
    raw.payload = values[2];
  } else if (!decode(payload, text_, raw.payload)) {
    return "the payload is no JSON string: " + quote_for_fault(payload);
  }
  record.properties = properties;
  return complete_record(raw, record, decoded_, is_record);
}

JsonReader::JsonReader(std::unique_ptr<ByteSource> source, Layout layout, OnFault on_fault)
    : window_{std::move(source)}, layout_{layout}, on_fault_{std::move(on_fault)} {}

/// False at the end of the file.
bool JsonReader::read_line() {
  window_.consume(consumed_later_);
  consumed_later_ = 0;
  std::size_t searched = 0;
  for (;;) {
    const std::string_view text = window_.text();
    const std::size_t end = text.find('\n', searched);
    is_torn_ = end == std::string_view::npos;
    if (is_torn_) {
      searched = text.size();
      if (window_.extend()) continue;
      if (window_.text().empty()) return false;
    }
    line_ = window_.text().substr(0, end);
    consumed_later_ = line_.size() + (is_torn_ ? 0 : 1);
    ++line_number_;
    return true;
  }
}

/// False if the file is no export of ours at all.
bool JsonReader::read_opening() {
  if (layout_ == Layout::lines) return true;
  if (!read_line()) {
    on_fault_(1, "the file is empty, and so no JSON array");
    return false;
  }
  if (line_ == "[") return true;
  if (line_.starts_with(kRecordBegin)) {
    on_fault_(1, "the opening bracket is missing");
    consumed_later_ = 0;  // the line is read again, as a record
    line_number_ = 0;
    return true;
  }
  on_fault_(1, fmt::format("must be [ alone, as the logger writes it, with one record a line: {}",
                           quote_for_fault(line_)));
  return false;
}

/// Whether the line is the closing bracket; then what follows it is a fault.
bool JsonReader::has_closed(std::string_view line) {
  if (line != "]") return false;
  is_closed_ = true;
  if (has_record_ && !lacks_comma_) on_fault_(line_number_, "there is a comma before the closing bracket");
  if (is_torn_) on_fault_(line_number_, "the last line has no end");
  if (read_line())
    on_fault_(line_number_, "there is something after the closing bracket: " + quote_for_fault(line_));
  return true;
}

void JsonReader::check_comma(bool has_comma) {
  if (lacks_comma_) on_fault_(line_number_, "a comma is missing before this record");
  lacks_comma_ = !has_comma;
  has_record_ = true;
}

bool JsonReader::next_of_file(RecordedMessage& record) {
  if (!is_started_) {
    is_started_ = true;
    if (!read_opening()) return false;
  }
  while (read_line()) {
    std::string_view text = line_;
    if (layout_ == Layout::array) {
      if (has_closed(text)) return false;
      const bool has_comma = text.ends_with(',');
      check_comma(has_comma);
      if (has_comma) text.remove_suffix(1);
    }
    record = {};
    record.line = line_number_;
    record.bytes = consumed_later_;
    bool is_record = false;
    const auto fault = parser_.read(text, record, is_record);
    if (fault) {
      on_fault_(line_number_, *fault);
      lacks_comma_ = lacks_comma_ && is_record;  // one fault is enough
    } else if (is_torn_ && layout_ == Layout::lines) {
      on_fault_(line_number_, "the last line has no end");
    }
    if (is_record) return true;
  }
  if (layout_ == Layout::array) on_fault_(line_number_, "the closing bracket is missing");
  return false;
}

bool JsonReader::next(RecordedMessage& record) {
  if (is_at_end_) return false;
  try {
    if (next_of_file(record)) return true;
  } catch (const ReadError& error) {
    on_fault_(line_number_ + 1, error.what());
  }
  is_at_end_ = true;
  return false;
}

}  // namespace mqtt_logger
