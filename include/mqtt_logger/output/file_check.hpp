#pragma once

#include "mqtt_logger/output/file_format.hpp"
#include "mqtt_logger/platform/file.hpp"

#include <cstdint>
#include <string>

namespace mqtt_logger {

// What can be told of an export's bytes. Pure reading; throws std::system_error if the file cannot be read.

/// The bytes from `begin` to `end`.
[[nodiscard]] std::string read_bytes(File& file, std::uint64_t begin, std::uint64_t end);

/// Whether a file of this size begins and ends as a file of this format does, so that records can be
/// appended. Looks at the opening and the last record only: the cost does not grow with the file.
[[nodiscard]] bool is_continuable(File& file, const FileFormat& format, std::uint64_t size);

/// Whether `tail`, what stands behind the body at a checkpoint, is what a write leaves that was interrupted
/// or not followed by a checkpoint: a beginning of `replay`, then what remains of the closing, at the old
/// place or the new one.
[[nodiscard]] bool is_interrupted_write(std::string_view tail, std::string_view replay,
                                        const FileFormat& format);

/// Whole records from `begin` on, the end of the body at an earlier checkpoint.
struct WholeRecords {
  std::uint64_t end = 0;  ///< of the body behind the last whole record
  std::uint64_t count = 0;
};
[[nodiscard]] WholeRecords find_whole_records(File& file, const FileFormat& format, std::uint64_t begin,
                                              std::uint64_t size);

}  // namespace mqtt_logger
