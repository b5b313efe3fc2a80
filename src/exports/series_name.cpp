#include "mqtt_logger/exports/series_name.hpp"

#include "mqtt_logger/base/timestamp.hpp"
#include "mqtt_logger/exports/file_format.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <string_view>

namespace mqtt_logger {
namespace {

constexpr int kCounterBits = 16;
constexpr FileNumber kCounterMask = (FileNumber{1} << kCounterBits) - 1;
constexpr std::chrono::sys_seconds kFirst{};
constexpr std::chrono::sys_seconds kLast{std::chrono::sys_days{std::chrono::year{9999} / 12 / 31} +
                                         std::chrono::hours{24} - std::chrono::seconds{1}};

constexpr std::string_view kShape = "-ddddddddTddddddZ";  // of a time in a name

bool has_shape(std::string_view text) noexcept {
  return text.size() >= kShape.size() &&
         std::ranges::equal(text.substr(0, kShape.size()), kShape, [](char found, char expected) {
           return expected == 'd' ? found >= '0' && found <= '9' : found == expected;
         });
}

template <typename Number>
Number parse(std::string_view digits) noexcept {
  Number number{};
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

FileNumber parse_time(std::string_view text) noexcept {
  const auto day = std::chrono::sys_days{std::chrono::year{parse<int>(text.substr(1, 4))} /
                                         std::chrono::month{parse<unsigned>(text.substr(5, 2))} /
                                         std::chrono::day{parse<unsigned>(text.substr(7, 2))}};
  return first_file_number(ReceiveTime{day + std::chrono::hours{parse<int>(text.substr(10, 2))} +
                                       std::chrono::minutes{parse<int>(text.substr(12, 2))} +
                                       std::chrono::seconds{parse<int>(text.substr(14, 2))}});
}

/// 20261120T153601Z
std::string compact_time(std::chrono::sys_seconds time) {
  TimestampFormatter formatter;
  std::string text{formatter.format(time)};
  text.resize(text.find('.'));
  std::erase_if(text, [](char letter) { return letter == '-' || letter == ':'; });
  return text + 'Z';
}

}  // namespace

bool has_rotation(const Options& options) noexcept {
  return options.rotate_size_bytes != 0 || options.rotate_every.count() != 0;
}

FileNumber first_file_number(ReceiveTime first_record) noexcept {
  const auto second = std::clamp(std::chrono::floor<std::chrono::seconds>(first_record), kFirst, kLast);
  return static_cast<FileNumber>(second.time_since_epoch().count()) << kCounterBits | 1;
}

FileNumber next_file_number(FileNumber number) noexcept {
  return (number & kCounterMask) == kCounterMask ? number + 2 : number + 1;  // a counter is never 0
}

std::chrono::sys_seconds birth_of(FileNumber number) noexcept {
  return std::chrono::sys_seconds{std::chrono::seconds{static_cast<std::int64_t>(number >> kCounterBits)}};
}

std::filesystem::path export_path(const std::filesystem::path& output, Format format, FileNumber number) {
  std::filesystem::path path = output;
  if (number != kSingleFile) {
    path += '-' + compact_time(birth_of(number));
    if (const FileNumber counter = number & kCounterMask; counter > 1) path += fmt::format("-{}", counter);
  }
  path += file_format(format).extension;
  return path;
}

std::filesystem::path series_pattern(const std::filesystem::path& output, Format format) {
  std::filesystem::path path = output;
  path += "-TIME";
  path += file_format(format).extension;
  return path;
}

// What is not spelled as we would spell it is not ours: a time that does not exist, a counter of 1.
std::optional<SeriesFile> parse_series_name(const std::filesystem::path& output,
                                            const std::filesystem::path& name) {
  const std::string text = name.string();
  const std::string stem = output.filename().string();
  if (!text.starts_with(stem)) return std::nullopt;
  std::string_view rest = std::string_view{text}.substr(stem.size());
  if (!has_shape(rest)) return std::nullopt;
  FileNumber number = parse_time(rest);
  rest.remove_prefix(kShape.size());
  if (rest.starts_with('-')) {
    const auto counter = parse<FileNumber>(rest.substr(1));
    if (counter > kCounterMask) return std::nullopt;
    number = (number & ~kCounterMask) | counter;
  }
  for (const Format format : kAllFormats) {
    const std::filesystem::path path = export_path(stem, format, number);
    if (name == path) return SeriesFile{number, format, false};
    if (name == compressed_path(path)) return SeriesFile{number, format, true};
    if (name == part_path(path)) return SeriesFile{number, format, true, true};
  }
  return std::nullopt;
}

std::filesystem::path compressed_path(const std::filesystem::path& path) {
  std::filesystem::path compressed = path;
  compressed += ".gz";
  return compressed;
}

std::filesystem::path part_path(const std::filesystem::path& path) {
  std::filesystem::path part = compressed_path(path);
  part += ".part";
  return part;
}

}  // namespace mqtt_logger
