#pragma once

#include "mqtt_logger/base/message.hpp"
#include "mqtt_logger/options/options.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>

namespace mqtt_logger {

/// Which file of a series this is: the second of its first record and a counter, so that numbers have the
/// order of the files. 0 is the one file without rotation.
using FileNumber = std::uint64_t;

inline constexpr FileNumber kSingleFile = 0;

/// Whether these options ask for a series of files.
[[nodiscard]] bool has_rotation(const Options& options) noexcept;

/// The first file whose first record came then. Times before 1970 and after 9999 are held at these.
[[nodiscard]] FileNumber first_file_number(ReceiveTime first_record) noexcept;
/// The next one to try if a file of that number exists.
[[nodiscard]] FileNumber next_file_number(FileNumber number) noexcept;
/// The second that the file's name shows.
[[nodiscard]] std::chrono::sys_seconds birth_of(FileNumber number) noexcept;

/// `exports/mqtt_data.csv`, `exports/mqtt_data-20261120T153601Z.csv`,
/// `exports/mqtt_data-20261120T153601Z-2.csv`
[[nodiscard]] std::filesystem::path export_path(const std::filesystem::path& output, Format format,
                                                FileNumber number = kSingleFile);

/// What the log calls the files of a series before the first: `exports/mqtt_data-TIME.csv`
[[nodiscard]] std::filesystem::path series_pattern(const std::filesystem::path& output, Format format);

/// What the name of a file says that belongs to the series.
struct SeriesFile {
  FileNumber number;
  Format format;
  bool is_compressed;
  bool is_part = false;  ///< it is, or was, being compressed
};

/// Nothing unless `name` is exactly one that a file of the output's series can have.
[[nodiscard]] std::optional<SeriesFile> parse_series_name(const std::filesystem::path& output,
                                                          const std::filesystem::path& name);

/// What a finished file is called once it is compressed.
[[nodiscard]] std::filesystem::path compressed_path(const std::filesystem::path& path);
/// And before, while it is being compressed.
[[nodiscard]] std::filesystem::path part_path(const std::filesystem::path& path);

}  // namespace mqtt_logger
