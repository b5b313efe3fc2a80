#pragma once

#include "mqtt_logger/format/fields.hpp"
#include "mqtt_logger/journal/journal.hpp"
#include "mqtt_logger/options.hpp"
#include "mqtt_logger/output/file_format.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mqtt_logger {

/// The records that the writer will take from the journal, one after the other, as it will write them.
class JournalReplay {
 public:
  JournalReplay(const Journal& journal, const FileFormat& rules, const Options& options,
                std::uint64_t next_sequence)
      : journal_{journal},
        rules_{rules},
        fields_{options.columns, options.client_id},
        position_{journal.checkpoint().position},
        sequence_{next_sequence} {
    read();
  }

  /// Of the record at which it stands; nothing behind the last one.
  [[nodiscard]] const std::optional<std::string>& text() const noexcept { return text_; }
  [[nodiscard]] std::string text_in_body(bool is_first) const {
    std::string text{is_first ? rules_.before_first : rules_.before_next};
    return text.append(*text_).append(rules_.after_each);
  }
  /// The beginning that it has with any extra columns.
  [[nodiscard]] std::string plain_text_in_body(bool is_first) const {
    return std::string{is_first ? rules_.before_first : rules_.before_next} + plain_text_;
  }
  /// Whether a whole record is this one, with any extra columns.
  [[nodiscard]] bool is_written_as(std::string_view record) const {
    return text_ && record.starts_with(plain_text_);
  }
  [[nodiscard]] std::uint64_t sequence() const noexcept { return sequence_; }

  void advance() {
    sequence_ = record_sequence_ + 1;
    read();
  }

 private:
  void read() {
    text_.reset();
    while (const auto record = journal_.read(position_)) {
      if (record->sequence < sequence_) continue;
      record_sequence_ = record->sequence;
      Fields fields = fields_.make(record->message);
      rules_.append_record(text_.emplace(), fields);
      fields.columns = {};
      plain_text_.clear();
      rules_.append_record(plain_text_, fields);
      plain_text_.pop_back();  // the line end, or the closing brace
      return;
    }
  }

  const Journal& journal_;
  const FileFormat& rules_;
  FieldsMaker fields_;
  Position position_;
  std::uint64_t sequence_;  // records before it are behind us
  std::uint64_t record_sequence_ = 0;
  std::optional<std::string> text_;
  std::string plain_text_;  // up to where extra columns begin
};

}  // namespace mqtt_logger
