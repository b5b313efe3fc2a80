#pragma once

#include "mqtt_logger/exports/file_format.hpp"
#include "mqtt_logger/format/fields.hpp"
#include "mqtt_logger/journal/checkpoint.hpp"
#include "mqtt_logger/platform/file.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace mqtt_logger {

/// One export: the file of one format, complete after every write. In a series it has no file before the
/// first record is there.
///
/// Threads: the writer thread. Made before it, by recovery.
/// Owns:    the file, open; who brings it to the device shares it.
/// Errors:  write() reports the system's error, has then cut the file back as far as it could, and keeps the
///          batch: call it again later.
class FileSink {
 public:
  /// `state`: which file this is, where its closing stands, and which records are in it.
  FileSink(FileFormat rules, std::filesystem::path path, std::shared_ptr<File> file,
           const SinkCheckpoint& state);

  /// A message of so many bytes is written piece by piece.
  static constexpr std::size_t kLongBytes = std::size_t{1024} * 1024;

  /// Adds a record to the batch, unless it is in the file already. One of a long message is kept as `fields`,
  /// which must live until it is written or forgotten, and is the last one of the batch: batch_bytes() is
  /// then at least kLongBytes.
  void append(const Fields& fields, std::uint64_t sequence);
  /// What write() writes of the batch, at least.
  [[nodiscard]] std::size_t batch_bytes() const noexcept {
    return batch_.size() + (long_ ? long_->payload.size() + long_->properties.size() : 0);
  }

  /// Writes the batch and the closing, by one system call unless the last message is long. Does nothing if
  /// the batch is empty. If the file turns out not to be intact, the batch is kept for the one that takes its
  /// place.
  [[nodiscard]] std::error_code write(bool& is_intact) noexcept;
  /// Whether the file is as we have left it: nobody has emptied it, cut it or written to it. A few small
  /// reads.
  [[nodiscard]] std::error_code check_intact(bool& is_intact) noexcept;
  /// Forgets the batch, because it will be appended again, unless it is written: then what comes before
  /// `next_sequence` is in the file.
  void forget_batch(std::uint64_t next_sequence) noexcept;

  /// Cuts the file back to where it was at an earlier checkpoint, and writes the closing there. If that
  /// fails, the next write() does it. Forgets the batch.
  void go_back(const SinkCheckpoint& earlier) noexcept;

  [[nodiscard]] Format format() const noexcept { return rules_.format; }
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  /// Nothing in a series that has no file yet.
  [[nodiscard]] const std::shared_ptr<File>& file() const noexcept { return file_; }
  /// Whether records as this format writes them can stand in the file.
  [[nodiscard]] bool is_of(const FileFormat& format) const noexcept {
    return rules_.opening == format.opening;
  }
  [[nodiscard]] bool has_records() const noexcept { return body_size() > rules_.opening.size(); }
  [[nodiscard]] std::uint64_t body_size() const noexcept { return checkpoint_.body_size; }
  [[nodiscard]] const SinkCheckpoint& checkpoint() const noexcept { return checkpoint_; }

 private:
  [[nodiscard]] std::error_code write_batch(std::uint64_t& bytes) noexcept;
  void cut_back() noexcept;
  [[nodiscard]] std::error_code check_joint(bool& is_intact) noexcept;
  [[nodiscard]] std::error_code check_name(bool& is_intact) noexcept;
  [[nodiscard]] std::error_code check_bytes(std::uint64_t offset, std::string_view expected,
                                            bool& is_same) noexcept;
  [[nodiscard]] std::string beginning() const;

  FileFormat rules_;
  std::filesystem::path path_;
  std::shared_ptr<File> file_;
  SinkCheckpoint checkpoint_;
  std::string batch_;
  std::optional<Fields> long_;  // of the record behind it
  bool is_torn_ = false;        // by a write of ours that failed and could not be cut back
};

}  // namespace mqtt_logger
