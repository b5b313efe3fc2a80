#include "mqtt_logger/recording/series.hpp"

#include "mqtt_logger/base/error.hpp"
#include "mqtt_logger/options/option_values.hpp"
#include "mqtt_logger/platform/file.hpp"

#include "csv_reader.hpp"
#include "json_reader.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <tuple>

namespace mqtt_logger {
namespace {

struct Extension {
  std::string_view text;
  Format format;
};
constexpr std::array kExtensions{Extension{".csv", Format::csv}, Extension{".json", Format::json},
                                 Extension{".jsonl", Format::jsonl}};

std::string to_utf8(const std::filesystem::path& path) {
  const std::u8string text = path.u8string();
  return {text.begin(), text.end()};
}

/// Cuts `.gz` and the format's extension off a file's name; nothing if it has none.
std::optional<Format> take_format(std::string_view& name) noexcept {
  if (name.ends_with(".gz")) name.remove_suffix(3);
  for (const auto& [text, format] : kExtensions) {
    if (!name.ends_with(text)) continue;
    name.remove_suffix(text.size());
    return format;
  }
  return std::nullopt;
}

/// Where a file stands in its series: the time in its name, and its number among those of one time.
using Place = std::tuple<std::string, std::uint64_t>;

/// Reads what rotation adds to a base name: nothing, `-20261120T153601Z` or `-20261120T153601Z-2`.
std::optional<Place> parse_place(std::string_view added) {
  constexpr std::string_view kPattern = "-00000000T000000Z";
  if (added.empty()) return Place{};
  if (added.size() < kPattern.size()) return std::nullopt;
  for (std::size_t i = 0; i < kPattern.size(); ++i) {
    const bool is_digit = added[i] >= '0' && added[i] <= '9';
    if (kPattern[i] == '0' ? !is_digit : added[i] != kPattern[i]) return std::nullopt;
  }
  const std::string_view counter = added.substr(kPattern.size());
  const std::string time{added.substr(0, kPattern.size())};
  if (counter.empty()) return Place{time, 1};
  const auto number = counter.starts_with('-') ? parse_number(counter.substr(1)) : std::nullopt;
  return number ? std::optional{Place{time, *number}} : std::nullopt;
}

}  // namespace

std::vector<Series> find_series(const std::filesystem::path& path) {
  const std::string name = to_utf8(path.filename());
  if (std::filesystem::is_regular_file(path)) {
    std::string_view base = name;
    const auto format = take_format(base);
    if (!format) return {};
    return {Series{*format, {path}, false}};
  }
  const std::filesystem::path folder = folder_of(path);
  if (name.empty() || !std::filesystem::is_directory(folder)) return {};
  std::array<std::vector<std::pair<Place, std::filesystem::path>>, kExtensions.size()> found;
  for (const auto& entry : std::filesystem::directory_iterator{folder}) {
    const std::string entry_name = to_utf8(entry.path().filename());
    std::string_view base = entry_name;
    const auto format = take_format(base);
    if (!format || !base.starts_with(name) || !entry.is_regular_file()) continue;
    if (auto place = parse_place(base.substr(name.size())))
      found[static_cast<std::size_t>(*format)].emplace_back(std::move(*place),
                                                            path.parent_path() / entry.path().filename());
  }
  std::vector<Series> all;
  for (const Extension& extension : kExtensions) {
    auto& files = found[static_cast<std::size_t>(extension.format)];
    if (files.empty()) continue;
    std::sort(files.begin(), files.end());
    // While a file is compressed it stands there twice; the one without `.gz` comes first, and is whole.
    const auto same_place = [](const auto& left, const auto& right) { return left.first == right.first; };
    files.erase(std::unique(files.begin(), files.end(), same_place), files.end());
    Series series{extension.format, {}, files.back().first != Place{}};
    for (auto& [place, file] : files) series.files.push_back(std::move(file));
    all.push_back(std::move(series));
  }
  return all;
}

std::vector<Series> require_series(std::string_view option, const std::filesystem::path& path) {
  std::vector<Series> found;
  std::string reason = "nothing there that is an export";
  try {
    found = find_series(path);
  } catch (const std::filesystem::filesystem_error& error) {
    reason = error.code().message();
  }
  if (found.empty()) {
    refuse(option, path,
           reason +
               "; must be a file that ends in .csv, .json or .jsonl (perhaps with .gz behind it), or a base "
               "path as in --output");
  }
  return found;
}

SeriesReader::SeriesReader(Series series, OnFileFault on_fault)
    : series_{std::move(series)}, on_fault_{std::move(on_fault)} {
  for (const auto& file : series_.files) {
    std::error_code error;
    const std::uintmax_t size = std::filesystem::file_size(file, error);
    if (!error) size_ += size;
  }
}

std::unique_ptr<RecordReader> SeriesReader::open_file() {
  const std::filesystem::path& path = file();
  OnFault on_fault = [this, &path](std::uint64_t line, const std::string& what) {
    on_fault_(path, line, what);
  };
  if (series_.format == Format::csv)
    return std::make_unique<CsvReader>(open_byte_source(path), std::move(on_fault));
  const auto layout = series_.format == Format::json ? JsonReader::Layout::array : JsonReader::Layout::lines;
  return std::make_unique<JsonReader>(open_byte_source(path), layout, std::move(on_fault));
}

bool SeriesReader::next(RecordedMessage& record) {
  for (;;) {
    if (!reader_) {
      try {
        reader_ = open_file();
      } catch (const ReadError& error) {
        on_fault_(file(), 1, std::string{"cannot be read: "} + error.what());
      }
    }
    if (reader_ && reader_->next(record)) return true;
    if (file_ + 1 == series_.files.size()) return false;
    if (reader_) position_ += reader_->position();
    reader_.reset();
    ++file_;
  }
}

std::uint64_t SeriesReader::position() const noexcept {
  return position_ + (reader_ ? reader_->position() : 0);
}

}  // namespace mqtt_logger
