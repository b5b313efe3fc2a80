#pragma once

#include "mqtt_logger/exports/file_format.hpp"
#include "mqtt_logger/platform/file.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace mqtt_logger {

// What can be told of an export's bytes. Pure reading; throws std::system_error if the file cannot be read.

/// The bytes from `begin` to `end`.
[[nodiscard]] std::string read_bytes(File& file, std::uint64_t begin, std::uint64_t end);

/// Whether a file of this size is no more than the beginning of an export without records: empty, or left so,
/// perhaps with zeros, by a crash while it was made.
[[nodiscard]] bool is_empty_export(File& file, const FileFormat& format, std::uint64_t size);

/// Whether a file begins as a file of this format does, and has a record of ours before `body_size`, or none.
/// Looks at the opening and the last record only: the cost does not grow with the file.
[[nodiscard]] bool is_body(File& file, const FileFormat& format, std::uint64_t body_size);

/// Whether a file of this size is a body and the closing, so that records can be appended.
[[nodiscard]] bool is_continuable(File& file, const FileFormat& format, std::uint64_t size);

/// `format` with those columns that the file itself has, which an earlier run may have written with others;
/// `format` if its header is none of ours.
[[nodiscard]] FileFormat find_format_of(File& file, const FileFormat& format, std::uint64_t size);

/// Whether `rest`, the end of a file, is what remains of the closing after a write that was interrupted or
/// not followed by a checkpoint: at the old place, of which the write has overwritten `overwritten` bytes, or
/// at the new one.
[[nodiscard]] bool is_rest_of_closing(std::string_view rest, std::uint64_t overwritten,
                                      const FileFormat& format) noexcept;

/// A record of an export, as append_record() writes it.
struct FoundRecord {
  std::uint64_t begin;    ///< in the file
  std::uint64_t size;     ///< with its line end, where that belongs to it
  std::string_view text;  ///< all of it, or only its beginning if it is long; valid in the call
  [[nodiscard]] bool is_long() const noexcept { return text.size() != size; }
};
using OnRecord = std::function<bool(const FoundRecord&)>;

/// Reads the whole records from `begin` on, the end of the body at an earlier checkpoint, up to the first
/// byte that no record of ours holds, and gives each to `on_record`, until that returns false. Where the body
/// ends behind them. Never holds more than kHeldRecordBytes of one.
[[nodiscard]] std::uint64_t find_whole_records(File& file, const FileFormat& format, std::uint64_t begin,
                                               std::uint64_t size, const OnRecord& on_record);
inline constexpr std::uint64_t kHeldRecordBytes = std::uint64_t{1} << 20;

}  // namespace mqtt_logger
