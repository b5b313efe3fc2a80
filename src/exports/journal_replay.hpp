#pragma once

#include "mqtt_logger/exports/file_check.hpp"
#include "mqtt_logger/exports/file_format.hpp"
#include "mqtt_logger/format/fields.hpp"
#include "mqtt_logger/journal/journal.hpp"
#include "mqtt_logger/options/options.hpp"
#include "mqtt_logger/platform/file.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mqtt_logger {

/// The records that the writer will take from the journal, one after the other, as it will write them.
///
/// Threads: one owner.
/// Cost:    is_written_as() holds no more than a record that it is given, plain_text_in_body() the text of
/// one, count_same_bytes() a piece.
class JournalReplay {
 public:
  JournalReplay(const Journal& journal, const FileFormat& rules, const Options& options,
                std::uint64_t next_sequence)
      : journal_{journal},
        rules_{rules},
        maker_{options.columns, options.client_id},
        position_{journal.checkpoint().position},
        sequence_{next_sequence} {
    read();
  }
  JournalReplay(const JournalReplay&) = delete;
  JournalReplay& operator=(const JournalReplay&) = delete;

  /// Whether it stands at a record; not behind the last one.
  [[nodiscard]] bool has_record() const noexcept { return fields_.has_value(); }

  /// How much of the file from `begin` on, the end of a body, is the record as it stands in the body.
  /// `is_whole`: all of it. Throws std::system_error if the file cannot be read.
  [[nodiscard]] std::uint64_t count_same_bytes(File& file, std::uint64_t begin, std::uint64_t size,
                                               bool& is_whole) const {
    std::uint64_t same = 0;
    is_whole = true;
    const auto compare = [&](std::string_view piece) {
      if (!is_whole) return;
      const std::uint64_t at = begin + same;
      const std::string found = read_bytes(file, at, std::min(size, at + piece.size()));
      const auto end = std::ranges::mismatch(found, piece).in2;
      same += static_cast<std::uint64_t>(end - piece.begin());
      is_whole = end == piece.end();
    };
    std::string text;
    rules_.append_to_body(text, *fields_, begin == rules_.opening.size(), Pieces{compare});
    compare(text);
    return same;
  }

  /// The beginning that it has with any extra columns.
  [[nodiscard]] std::string plain_text_in_body(bool is_first) {
    return std::string{is_first ? rules_.before_first : rules_.before_next} + plain_text();
  }
  /// Whether a whole record is this one, with any extra columns.
  [[nodiscard]] bool is_written_as(std::string_view record) {
    return fields_ && record.size() >= fields_->payload.size() && record.starts_with(plain_text());
  }
  [[nodiscard]] std::uint64_t sequence() const noexcept { return sequence_; }

  void advance() {
    sequence_ = record_sequence_ + 1;
    read();
  }

 private:
  void read() {
    fields_.reset();
    plain_text_.clear();
    while (const auto record = journal_.read(position_)) {
      if (record->sequence < sequence_) continue;
      record_sequence_ = record->sequence;
      fields_ = maker_.make(record->message);
      return;
    }
  }

  const std::string& plain_text() {
    if (!plain_text_.empty()) return plain_text_;
    Fields fields = *fields_;
    fields.columns = {};
    rules_.append_record(plain_text_, fields, {});
    plain_text_.pop_back();  // the line end, or the closing brace
    return plain_text_;
  }

  const Journal& journal_;
  const FileFormat& rules_;
  FieldsMaker maker_;
  Position position_;
  std::uint64_t sequence_;  // records before it are behind us
  std::uint64_t record_sequence_ = 0;
  std::optional<Fields> fields_;
  std::string plain_text_;  // up to where extra columns begin; empty until it is asked for
};

}  // namespace mqtt_logger
