#include "column_option.hpp"

#include "mqtt_logger/base/utf8.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace mqtt_logger {
namespace {

constexpr std::array<std::string_view, 7> kFields{"timestamp", "topic",  "payload",   "encoding",
                                                  "qos",       "retain", "properties"};
constexpr std::size_t kMaximum = 200;  // with the fields of every record, what our own reader takes
constexpr std::string_view kClientId = "@client-id";

bool is_name(std::string_view name) noexcept {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  return !name.empty() && name.size() <= 255 && is_valid_utf8(name) && std::ranges::none_of(name, is_control);
}

}  // namespace

OptionFault add_column(OptionsDraft& draft, const std::string& text) {
  constexpr const char* kRight =
      "must be a name, = and a JSON pointer into the payload or @client-id, such as celsius=/value or "
      "logger=@client-id";
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos) return kRight;
  Column column{text.substr(0, equals), {}};
  const std::string source = text.substr(equals + 1);
  if (source != kClientId) {
    column.pointer = JsonPointer::parse(source);
    if (!column.pointer) return kRight;
  }
  if (!is_name(column.name))
    return "must have a name of 1 to 255 bytes of UTF-8 without control characters before the =";
  auto& columns = draft.options.columns;
  const auto has_its_name = [&column](const Column& other) { return other.name == column.name; };
  if (std::ranges::find(kFields, column.name) != kFields.end() || std::ranges::any_of(columns, has_its_name))
    return "must have a name that no field and no other column has";
  if (columns.size() == kMaximum) return fmt::format("can be given at most {} times", kMaximum);
  columns.push_back(std::move(column));
  return std::nullopt;
}

}  // namespace mqtt_logger
