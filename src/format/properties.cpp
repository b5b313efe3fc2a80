#include "properties.hpp"

#include "mqtt_logger/base/utf8.hpp"

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace mqtt_logger {
namespace {

/// What a PUBLISH can carry (MQTT 5, table 2-4). As numbers of at most one byte they are variable byte
/// integers too.
enum class Identifier : std::uint8_t {
  payload_format_indicator = 0x01,
  message_expiry_interval = 0x02,
  content_type = 0x03,
  response_topic = 0x08,
  correlation_data = 0x09,
  subscription_identifier = 0x0B,
  topic_alias = 0x23,
  user_property = 0x26,
};

/// One property; which of the members is set follows from the identifier.
struct Property {
  Identifier identifier{};
  std::uint32_t number = 0;
  std::string_view text;   ///< text or bytes; the name of a user property
  std::string_view value;  ///< of a user property
};

/// Reads properties one after the other, up to the end or the first malformed one.
class PropertyReader {
 public:
  explicit PropertyReader(std::string_view bytes) noexcept : bytes_{bytes} {}

  bool is_malformed() const noexcept { return is_malformed_; }

  std::optional<Property> next() noexcept {
    if (bytes_.empty()) return std::nullopt;
    Property property;
    property.identifier = static_cast<Identifier>(read_integer(1));
    switch (property.identifier) {
      case Identifier::payload_format_indicator:
        property.number = read_integer(1);
        break;
      case Identifier::topic_alias:
        property.number = read_integer(2);
        break;
      case Identifier::message_expiry_interval:
        property.number = read_integer(4);
        break;
      case Identifier::subscription_identifier:
        skip_variable_byte_integer();
        break;
      case Identifier::content_type:
      case Identifier::response_topic:
      case Identifier::correlation_data:
        property.text = read_bytes(read_integer(2));
        break;
      case Identifier::user_property:
        property.text = read_bytes(read_integer(2));
        property.value = read_bytes(read_integer(2));
        break;
      default:
        is_malformed_ = true;
    }
    if (is_malformed_) return std::nullopt;
    return property;
  }

 private:
  std::string_view read_bytes(std::size_t count) noexcept {
    if (count > bytes_.size()) is_malformed_ = true;
    const std::string_view result = bytes_.substr(0, count);
    bytes_.remove_prefix(result.size());
    return result;
  }

  std::uint32_t read_integer(std::size_t byte_count) noexcept {
    std::uint32_t value = 0;
    for (const char byte : read_bytes(byte_count)) value = value << 8 | static_cast<std::uint8_t>(byte);
    return value;
  }

  void skip_variable_byte_integer() noexcept {
    for (int i = 0; i < 4; ++i) {
      if (read_integer(1) < 0x80) return;
    }
    is_malformed_ = true;
  }

  std::string_view bytes_;
  bool is_malformed_ = false;
};

/// The properties that we write and that may stand only once each.
struct SingleProperties {
  std::optional<std::uint32_t> payload_format_indicator;
  std::optional<std::uint32_t> message_expiry_interval;
  std::optional<std::string_view> content_type;
  std::optional<std::string_view> response_topic;
  std::optional<std::string_view> correlation_data;
};

template <typename T>
bool set_once(std::optional<T>& member, const T& value) noexcept {
  if (member) return false;
  member = value;
  return true;
}

/// False if it stands there already.
bool set_property(SingleProperties& properties, const Property& property) noexcept {
  switch (property.identifier) {
    case Identifier::payload_format_indicator:
      return set_once(properties.payload_format_indicator, property.number);
    case Identifier::message_expiry_interval:
      return set_once(properties.message_expiry_interval, property.number);
    case Identifier::content_type:
      return set_once(properties.content_type, property.text);
    case Identifier::response_topic:
      return set_once(properties.response_topic, property.text);
    case Identifier::correlation_data:
      return set_once(properties.correlation_data, property.text);
    default:
      return true;
  }
}

/// Nothing if the bytes are malformed or a property stands twice that must not.
std::optional<SingleProperties> read_single_properties(std::string_view bytes) noexcept {
  SingleProperties properties;
  PropertyReader reader{bytes};
  while (const auto property = reader.next()) {
    if (!set_property(properties, *property)) return std::nullopt;
  }
  if (reader.is_malformed()) return std::nullopt;
  return properties;
}

void append_text(std::string& out, std::string_view text) {
  std::string repaired;
  append_json_string(out, as_valid_utf8(text, repaired));
}

/// A comma for all but the first member, before which the opening brace is the end of `out`.
void append_name(std::string& out, std::string_view name) {
  if (out.back() != '{') out.push_back(',');
  append_json_string(out, name);
  out.push_back(':');
}

void append_member(std::string& out, std::string_view name, std::optional<std::uint32_t> number) {
  if (!number) return;
  append_name(out, name);
  std::array<char, 10> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), *number).ptr;
  out.append(digits.data(), end);
}

void append_member(std::string& out, std::string_view name, std::optional<std::string_view> text) {
  if (!text) return;
  append_name(out, name);
  append_text(out, *text);
}

void append_correlation_data(std::string& out, std::optional<std::string_view> bytes) {
  if (!bytes) return;
  append_name(out, "correlation_data");
  out.push_back('"');
  append_base64(out, *bytes);
  out.push_back('"');
}

/// False if there are none.
bool append_user_properties(std::string& out, std::string_view properties, const Pieces& pieces) {
  bool is_first = true;
  PropertyReader reader{properties};
  while (const auto property = reader.next()) {
    if (property->identifier != Identifier::user_property) continue;
    if (is_first) {
      append_name(out, "user_properties");
    }
    out.append(is_first ? "[[" : ",[");
    is_first = false;
    append_text(out, property->text);
    out.push_back(',');
    append_text(out, property->value);
    out.push_back(']');
    pieces.hand_on(out);
  }
  if (!is_first) out.push_back(']');
  return !is_first;
}

}  // namespace

bool append_properties(std::string& out, std::string_view properties, const Pieces& pieces) {
  const auto single = read_single_properties(properties);
  if (!single) return false;
  const std::size_t begin = out.size();
  out.push_back('{');
  append_member(out, "payload_format_indicator", single->payload_format_indicator);
  append_member(out, "message_expiry_interval", single->message_expiry_interval);
  append_member(out, "content_type", single->content_type);
  append_member(out, "response_topic", single->response_topic);
  append_correlation_data(out, single->correlation_data);
  const bool has_single = out.size() != begin + 1;
  const bool has_user = append_user_properties(out, properties, pieces);
  if (!has_single && !has_user) {
    out.resize(begin);
    return false;
  }
  out.push_back('}');
  return true;
}

}  // namespace mqtt_logger
