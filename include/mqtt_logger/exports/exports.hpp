#pragma once

#include "mqtt_logger/exports/file_sink.hpp"
#include "mqtt_logger/exports/rotation.hpp"
#include "mqtt_logger/exports/series_name.hpp"
#include "mqtt_logger/journal/journal.hpp"
#include "mqtt_logger/options/options.hpp"
#include "mqtt_logger/platform/file.hpp"
#include "mqtt_logger/platform/folder_sync.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <vector>

namespace mqtt_logger {

/// Why an export cannot be written or begun, for the log.
struct ExportFault {
  std::filesystem::path path;
  std::string reason;
};

/// The exports of a run, one sink a format, and the files they stand in: what rotate() and open_again()
/// change is written to only after a checkpoint that names it is on the device. So one file at the most can
/// hold anything that a crash, or a power failure, leaves without a checkpoint.
///
/// Threads: the writer thread; sync_names() and sync() one at a time; finished_rotations(),
///          numbers_in_use() and change_finished() any.
/// Errors:  returned, with nothing changed but files that are empty; call again later.
class Exports {
 public:
  /// `sinks` are recovery's.
  Exports(FileSystem& files, const Options& options, const Journal& journal, std::vector<FileSink> sinks);

  [[nodiscard]] std::vector<FileSink>& sinks() noexcept { return sinks_; }

  /// Whether the record goes into new files, all formats together. Those that are in a file already do not.
  [[nodiscard]] bool is_rotation_due(ReceiveTime time, std::uint64_t sequence);
  /// Makes new files for a record that came at `time`. No batch may be waiting.
  [[nodiscard]] std::optional<ExportFault> rotate(ReceiveTime time) noexcept;

  /// Whether a file was moved, deleted, cut or written to by somebody else. A file that cannot be looked at
  /// is a fault, not an answer.
  [[nodiscard]] std::optional<ExportFault> find_lost_files(bool& has_lost_files) noexcept;
  /// Starts new files in their place. In a series the next record begins new ones. No batch may be waiting.
  [[nodiscard]] std::optional<ExportFault> open_again() noexcept;

  /// The names of all files are on the device when it returns.
  [[nodiscard]] std::error_code sync_names() noexcept;
  /// Everything that was written is on the device when it returns, also in files that are finished. After a
  /// failure no sync tells any more what is there: go_back() first.
  [[nodiscard]] std::error_code sync() noexcept;
  /// Cuts the exports back to an earlier checkpoint, since which finish_others() was not called, and goes on
  /// in the files that it names. What was in the others is nothing but their beginning.
  void go_back(const Checkpoint& earlier) noexcept;

  /// A checkpoint on the device names the files that are written to: the others of the series are finished.
  void finish_others() noexcept;
  /// How often there was something to finish.
  [[nodiscard]] std::uint64_t finished_rotations() const noexcept { return finished_rotations_.load(); }
  /// Files of the series that are not finished; the one that is written is the last.
  [[nodiscard]] std::vector<FileNumber> numbers_in_use();
  /// Does `change` to finished files, while no new ones are begun; false if that number is in use.
  bool change_finished(FileNumber number, const std::function<void()>& change);

 private:
  [[nodiscard]] bool is_lost(FileSink& sink);
  [[nodiscard]] bool is_free(FileNumber number);
  [[nodiscard]] bool is_taken(const std::filesystem::path& path);
  [[nodiscard]] bool is_empty_export(const std::filesystem::path& path, Format format);
  [[nodiscard]] FileNumber find_free_number(ReceiveTime time);
  [[nodiscard]] std::optional<std::vector<FileSink>> make_files(FileNumber number);
  void open_single_again();
  void open_series_again();
  void make_folder();
  void replace(std::vector<FileSink> sinks);
  [[nodiscard]] FileSink& find_sink(FileSink& current, const SinkCheckpoint& state);
  void remember_files();
  void remember_numbers();

  FileSystem& files_;
  const Journal& journal_;
  Options options_;
  Rotation rotation_;
  std::vector<FileSink> sinks_;
  std::set<std::filesystem::path> said_lost_;  // by open_again(), since it could open them the last time
  std::vector<FileSink> earlier_sinks_;        // since the last checkpoint that is known to be on the device

  std::atomic<std::uint64_t> finished_rotations_{0};

  std::mutex rotation_mutex_;  // while a number is chosen, or files of one are changed; before mutex_
  std::mutex mutex_;           // over what follows
  std::vector<FileNumber> numbers_in_use_;
  std::vector<std::shared_ptr<File>> open_files_;
  std::vector<std::shared_ptr<File>> finished_files_;  // not on the device yet
  bool has_new_names_ = false;
  FolderSync folder_sync_;  // the thread that syncs
};

}  // namespace mqtt_logger
