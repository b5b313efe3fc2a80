#pragma once

#include "mqtt_logger/options/options.hpp"
#include "mqtt_logger/recording/record.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mqtt_logger {

/// The files of one format that together are one export, oldest first: `data.csv`, and after rotation
/// `data-20261120T153601Z.csv`, `data-20261120T153601Z-2.csv.gz` …
struct Series {
  Format format = Format::csv;
  std::vector<std::filesystem::path> files;  ///< at least one
  bool is_rotated = false;                   ///< older files may have been deleted since
};

/// The series that a user's path names: a file is a series of its own; a base path without extension (that of
/// --output) names all formats there. Empty if there is nothing of the name. Throws std::filesystem_error.
[[nodiscard]] std::vector<Series> find_series(const std::filesystem::path& path);

/// The same for a value of an option such as --verify; a StartupError that names both if there is nothing.
[[nodiscard]] std::vector<Series> require_series(std::string_view option, const std::filesystem::path& path);

/// Told of a fault: the file, the line, a sentence.
using OnFileFault =
    std::function<void(const std::filesystem::path&, std::uint64_t line, const std::string& what)>;

/// Reads the files of a series one behind the other.
///
/// Threads: one owner.
class SeriesReader {
 public:
  SeriesReader(Series series, OnFileFault on_fault);

  [[nodiscard]] bool next(RecordedMessage& record);
  /// The file of the last record.
  [[nodiscard]] const std::filesystem::path& file() const noexcept { return series_.files[file_]; }
  [[nodiscard]] const Series& series() const noexcept { return series_; }
  /// Bytes of the files read so far, as they lie on the disk.
  [[nodiscard]] std::uint64_t position() const noexcept;
  /// Bytes of all files, as they were at the beginning.
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

 private:
  [[nodiscard]] std::unique_ptr<RecordReader> open_file();

  Series series_;
  OnFileFault on_fault_;
  std::size_t file_ = 0;
  std::unique_ptr<RecordReader> reader_;
  std::uint64_t position_ = 0;  // the files before
  std::uint64_t size_ = 0;
};

}  // namespace mqtt_logger
