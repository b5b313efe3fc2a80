#pragma once

#include "mqtt_logger/recording/record.hpp"

#include "window.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace mqtt_logger {

/// Reads one record from the line of a JSON export, without comma and line end. The views of `record` point
/// into the line, or into strings that are kept here until the next call.
class JsonLine {
 public:
  /// What is wrong, as a sentence; `is_record` tells whether there is a record all the same.
  [[nodiscard]] std::optional<std::string> read(std::string_view line, RecordedMessage& record,
                                                bool& is_record);

 private:
  std::string topic_;
  std::string text_;
  std::string decoded_;
};

/// Reads a JSON export: an array with a record a line, or JSON Lines. A JSON array that is laid out in
/// another way is a fault, whatever it holds: the logger could not continue it.
class JsonReader final : public RecordReader {
 public:
  enum class Layout : std::uint8_t { array, lines };

  JsonReader(std::unique_ptr<ByteSource> source, Layout layout, OnFault on_fault);

  [[nodiscard]] bool next(RecordedMessage& record) override;
  [[nodiscard]] std::uint64_t position() const noexcept override { return window_.position(); }

 private:
  [[nodiscard]] bool next_of_file(RecordedMessage& record);
  [[nodiscard]] bool read_opening();
  [[nodiscard]] bool read_line();
  [[nodiscard]] bool has_closed(std::string_view line);
  void check_comma(bool has_comma);

  Window window_;
  Layout layout_;
  OnFault on_fault_;
  JsonLine parser_;
  std::uint64_t line_number_ = 0;  ///< of line_
  std::string_view line_;          ///< without its end
  std::size_t consumed_later_ = 0;
  bool is_torn_ = false;  ///< line_ has no end
  bool is_started_ = false;
  bool is_closed_ = false;
  bool is_at_end_ = false;
  bool lacks_comma_ = false;  ///< the last record's line, so that no other may follow
  bool has_record_ = false;
};

}  // namespace mqtt_logger
