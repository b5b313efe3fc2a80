#pragma once

#include "mqtt_logger/base/message.hpp"
#include "mqtt_logger/format/fields.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace mqtt_logger {

/// One record of an export. A view: lives until its reader's next call.
struct RecordedMessage {
  std::uint64_t line = 0;  ///< of its file, where it begins; from 1
  ReceiveTime time;
  std::string_view topic;
  /// The payload's bytes. From a JSON export, a JSON payload has spaces in place of line breaks.
  std::string_view payload;
  std::string_view properties;  ///< a JSON object (see format/properties.hpp); empty if there are none
  std::uint64_t bytes = 0;      ///< that the record takes in the file
  Encoding encoding = Encoding::text;
  QoS qos = QoS::at_most_once;
  bool is_retained = false;
  bool is_sound = true;  ///< else the payload is not what its encoding says, a fault that has been told
};

/// Told of each thing that is wrong with a file: the line, and a sentence.
using OnFault = std::function<void(std::uint64_t line, const std::string& what)>;

/// Reads the records of one file from front to back, past whatever is wrong on the way.
///
/// Threads: one owner.
class RecordReader {
 public:
  virtual ~RecordReader() = default;

  /// The next record; false at the end. Everything between two records that is none goes to the fault
  /// handler.
  [[nodiscard]] virtual bool next(RecordedMessage& record) = 0;
  /// How many bytes of the file have been read.
  [[nodiscard]] virtual std::uint64_t position() const noexcept = 0;
};

/// The fields of a record as a file has them, decoded as far as the file's own syntax goes.
struct RawRecord {
  std::string_view timestamp;
  std::string_view topic;
  std::string_view payload;
  std::string_view encoding;
  std::string_view qos;
  std::string_view retain;
};

/// Checks the fields and completes `record` with them; `decoded` keeps a payload that was in Base64. What is
/// wrong with them, as a sentence; a wrong payload leaves a record that is whole but not sound, everything
/// else none (`is_record` is false).
[[nodiscard]] std::optional<std::string> complete_record(const RawRecord& raw, RecordedMessage& record,
                                                         std::string& decoded, bool& is_record);

/// A piece of a file for a fault: on one line, not too long, in quotation marks.
[[nodiscard]] std::string quote_for_fault(std::string_view text);

}  // namespace mqtt_logger
