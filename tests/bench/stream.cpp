#include "stream.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>

namespace mqtt_logger::bench {
namespace {

constexpr std::size_t kLargePayloadBytes = 1024;

[[noreturn]] void refuse(std::string_view option, std::string_view value) {
  std::fprintf(stderr, "%.*s %.*s: unknown option or impossible value\n", static_cast<int>(option.size()),
               option.data(), static_cast<int>(value.size()), value.data());
  std::exit(2);
}

template <typename Number>
Number read_number(std::string_view option, std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) refuse(option, text);
  return value;
}

PayloadKind read_payload(std::string_view option, std::string_view text) {
  if (text == "json") return PayloadKind::json;
  if (text == "number") return PayloadKind::number;
  if (text == "large") return PayloadKind::large;
  refuse(option, text);
}

template <typename... Values>
std::string print(const char* format, Values... values) {
  std::array<char, 128> text{};
  return {text.data(), static_cast<std::size_t>(std::snprintf(text.data(), text.size(), format, values...))};
}

void append_uint16(std::string& out, std::size_t value) {
  out += static_cast<char>(value >> 8 & 0xFF);
  out += static_cast<char>(value & 0xFF);
}

}  // namespace

StreamPlan read_plan(int argc, char** argv) {
  StreamPlan plan;
  for (int i = 1; i < argc; i += 2) {
    const std::string_view option{argv[i]};
    const std::string_view value{i + 1 < argc ? argv[i + 1] : ""};
    if (option == "--messages") {
      plan.messages = read_number<std::uint64_t>(option, value);
    } else if (option == "--qos") {
      plan.qos = read_number<unsigned>(option, value);
    } else if (option == "--payload") {
      plan.payload = read_payload(option, value);
    } else if (option == "--topics") {
      plan.topics = read_number<std::size_t>(option, value);
    } else if (option == "--window") {
      plan.window = read_number<std::size_t>(option, value);
    } else if (option == "--port") {
      plan.port = read_number<std::uint16_t>(option, value);
    } else {
      refuse(option, value);
    }
  }
  const bool is_possible = plan.qos <= 2 && plan.topics >= 1 && plan.topics <= PreparedPackets::kCount &&
                           plan.window >= 1 && plan.window < PreparedPackets::kPacketIds;
  if (!is_possible) refuse("stream", "QoS, topics or window");
  return plan;
}

std::string make_payload(PayloadKind kind, std::size_t number) {
  const double value = 20 + static_cast<double>(number % 500) / 100;
  switch (kind) {
    case PayloadKind::number:
      return number % 3 == 0 ? print("%.1f", value) : print("%.*f", number % 3 == 1 ? 2 : 3, value);
    case PayloadKind::json:
      return print(R"({"value":%.2f,"unit":"°C","seq":%zu})", value, 10'000'000 + number);
    case PayloadKind::large:
      break;
  }
  std::string text = print(R"({"seq":%zu,"values":[)", number);
  while (text.size() < kLargePayloadBytes - 10) text += print("%.2f,", value);
  text.back() = ']';
  text.append(kLargePayloadBytes - 1 - text.size(), ' ');
  return text += '}';
}

std::string make_topic(std::size_t number, std::size_t topics) {
  return print("sensors/room%zu/temperature", number % topics);
}

void append_variable(std::string& out, std::size_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>((value & 0x7F) | 0x80);
  out += static_cast<char>(value);
}

PreparedPackets::PreparedPackets(const StreamPlan& plan, bool is_version_5) {
  offsets_.reserve(kCount + 1);
  std::string rest;
  for (std::size_t number = 0; number < kCount; ++number) {
    const std::string topic = make_topic(number, plan.topics);
    rest.clear();
    append_uint16(rest, topic.size());
    rest += topic;
    if (plan.qos != 0) append_uint16(rest, number % kPacketIds + 1);
    if (is_version_5) rest += '\0';  // no properties
    rest += make_payload(plan.payload, number);
    offsets_.push_back(bytes_.size());
    bytes_ += static_cast<char>(0x30 | plan.qos << 1);
    append_variable(bytes_, rest.size());
    bytes_ += rest;
  }
  offsets_.push_back(bytes_.size());
}

std::string_view PreparedPackets::slice(std::uint64_t begin, std::uint64_t& count,
                                        std::size_t max_bytes) const noexcept {
  const auto first = static_cast<std::size_t>(begin % kCount);
  const std::size_t last = first + static_cast<std::size_t>(std::min<std::uint64_t>(count, kCount - first));
  const auto beyond =
      std::upper_bound(offsets_.begin() + static_cast<std::ptrdiff_t>(first),
                       offsets_.begin() + static_cast<std::ptrdiff_t>(last) + 1, offsets_[first] + max_bytes);
  const auto end = std::max(first + 1, static_cast<std::size_t>(beyond - offsets_.begin()) - 1);
  count = end - first;
  return std::string_view{bytes_}.substr(offsets_[first], offsets_[end] - offsets_[first]);
}

}  // namespace mqtt_logger::bench
