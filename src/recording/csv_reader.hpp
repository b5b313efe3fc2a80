#pragma once

#include "mqtt_logger/recording/record.hpp"

#include "window.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mqtt_logger {

/// Cuts one row of CSV (RFC 4180) into its fields. Fields with doubled quotation marks are kept here, all
/// others are views of the text.
class CsvRow {
 public:
  enum class Result : std::uint8_t { whole, unfinished, broken };

  /// Reads the row that `text` begins with. Unfinished: its end is not in `text`.
  [[nodiscard]] Result read(std::string_view text);

  [[nodiscard]] const std::vector<std::string_view>& fields() const noexcept { return fields_; }
  /// With the line end.
  [[nodiscard]] std::size_t length() const noexcept { return length_; }

 private:
  [[nodiscard]] Result read_quoted(std::string_view text, std::size_t& at);

  std::vector<std::string_view> fields_;
  std::vector<std::string> undoubled_;  // by column
  std::size_t length_ = 0;
};

/// Reads a CSV export. Behind a row that is none it goes on at the next line that begins as a record does, so
/// that one torn line is one fault.
class CsvReader final : public RecordReader {
 public:
  CsvReader(std::unique_ptr<ByteSource> source, OnFault on_fault);

  [[nodiscard]] bool next(RecordedMessage& record) override;
  [[nodiscard]] std::uint64_t position() const noexcept override { return window_.position(); }

 private:
  [[nodiscard]] bool read_row();
  void read_header();
  void report_unfinished(std::size_t length);
  void skip_to_next_record();
  void consume(std::size_t length) noexcept;

  Window window_;
  OnFault on_fault_;
  CsvRow row_;
  std::string decoded_;
  std::uint64_t line_ = 1;
  std::size_t columns_ = 0;
  bool is_started_ = false;
  bool is_at_end_ = false;
};

}  // namespace mqtt_logger
