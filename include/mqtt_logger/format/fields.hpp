#pragma once

#include "mqtt_logger/base/message.hpp"
#include "mqtt_logger/base/timestamp.hpp"
#include "mqtt_logger/format/columns.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mqtt_logger {

/// How an export represents a payload.
enum class Encoding : std::uint8_t { json, text, base64 };

[[nodiscard]] std::string_view to_string(Encoding encoding) noexcept;

/// base64 if the payload is not valid UTF-8 or holds a NUL; else json if it is one valid JSON text that
/// ordinary readers can take (see json_text.hpp); else text. An empty payload is text.
[[nodiscard]] Encoding find_encoding(std::string_view payload) noexcept;

/// The fields of one record, as every format writes them: what the formats share is found out once.
/// A view: lives as long as the message's bytes and the formatter's next call.
struct Fields {
  std::string_view timestamp;   ///< UTC, RFC 3339, microseconds
  std::string_view topic;       ///< as received: a hostile broker may send anything
  std::string_view payload;     ///< as received
  std::string_view properties;  ///< as on the wire (MQTT 5, section 2.2.2)
  Encoding encoding = Encoding::text;
  QoS qos = QoS::at_most_once;
  bool is_retained = false;
  std::span<const ColumnValue> columns = {};  ///< behind all others, in the order of --columns
};

[[nodiscard]] Fields make_fields(const MessageView& message, TimestampFormatter& timestamps) noexcept;

/// Makes the fields of one message after the other, with the columns that a user asked for besides.
///
/// Threads: one owner.
class FieldsMaker {
 public:
  FieldsMaker() = default;
  /// `client_id` is what a column holds that tells who the logger is.
  FieldsMaker(std::vector<Column> columns, std::string_view client_id);
  // The values are views of the names and of the identifier.
  FieldsMaker(const FieldsMaker&) = delete;
  FieldsMaker& operator=(const FieldsMaker&) = delete;

  /// Valid until the next call, as long as the message's bytes live.
  [[nodiscard]] Fields make(const MessageView& message);

 private:
  TimestampFormatter timestamps_;
  std::vector<Column> columns_;
  std::string client_id_;  ///< a JSON string
  std::vector<ColumnValue> values_;
};

}  // namespace mqtt_logger
