#include "received_message.hpp"

#include <span>

namespace mqtt_logger {
namespace {

void append_uint16(std::string& out, unsigned value) {
  out += static_cast<char>(value >> 8 & 0xFF);
  out += static_cast<char>(value & 0xFF);
}

void append_string(std::string& out, const MQTTLenString& text) {
  append_uint16(out, static_cast<unsigned>(text.len));
  if (text.len > 0) out.append(text.data, static_cast<std::size_t>(text.len));
}

// Variable Byte Integer (MQTT 5, section 1.5.5).
void append_variable(std::string& out, unsigned value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>((value & 0x7F) | 0x80);
  out += static_cast<char>(value);
}

void append_property(std::string& out, const MQTTProperty& property) {
  append_variable(out, static_cast<unsigned>(property.identifier));
  switch (MQTTProperty_getType(property.identifier)) {
    case MQTTPROPERTY_TYPE_BYTE:
      out += static_cast<char>(property.value.byte);
      break;
    case MQTTPROPERTY_TYPE_TWO_BYTE_INTEGER:
      append_uint16(out, property.value.integer2);
      break;
    case MQTTPROPERTY_TYPE_FOUR_BYTE_INTEGER:
      append_uint16(out, property.value.integer4 >> 16);
      append_uint16(out, property.value.integer4);
      break;
    case MQTTPROPERTY_TYPE_VARIABLE_BYTE_INTEGER:
      append_variable(out, property.value.integer4);
      break;
    case MQTTPROPERTY_TYPE_BINARY_DATA:
    case MQTTPROPERTY_TYPE_UTF_8_ENCODED_STRING:
      append_string(out, property.value.data);
      break;
    case MQTTPROPERTY_TYPE_UTF_8_STRING_PAIR:
      append_string(out, property.value.data);
      append_string(out, property.value.value);
      break;
    default:
      break;
  }
}

}  // namespace

void write_properties(std::string& out, const MQTTProperties& properties) {
  for (const MQTTProperty& property :
       std::span{properties.array, static_cast<std::size_t>(properties.count)}) {
    append_property(out, property);
  }
}

}  // namespace mqtt_logger
