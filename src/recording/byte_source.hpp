#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <stdexcept>

namespace mqtt_logger {

/// Why the rest of a file cannot be read.
class ReadError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The bytes of an export from front to back, whether it is compressed or not.
///
/// Threads: one owner.
/// Errors:  read() throws ReadError, and the caller reads no further.
class ByteSource {
 public:
  virtual ~ByteSource() = default;

  /// Fills `buffer` as far as there are bytes; fewer than asked for only at the end.
  [[nodiscard]] virtual std::size_t read(std::span<char> buffer) = 0;
  /// How many bytes of the file have been read: for a compressed one, of its compressed bytes.
  [[nodiscard]] virtual std::uint64_t position() const noexcept = 0;
};

/// Opens a file; one whose name ends in `.gz` is decompressed on the way. Throws ReadError.
[[nodiscard]] std::unique_ptr<ByteSource> open_byte_source(const std::filesystem::path& path);

}  // namespace mqtt_logger
