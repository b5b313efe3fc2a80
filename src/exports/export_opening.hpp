#pragma once

#include "mqtt_logger/exports/file_check.hpp"
#include "mqtt_logger/exports/file_format.hpp"
#include "mqtt_logger/exports/file_sink.hpp"
#include "mqtt_logger/exports/series_name.hpp"
#include "mqtt_logger/journal/journal.hpp"
#include "mqtt_logger/log/try_again.hpp"
#include "mqtt_logger/platform/file.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace mqtt_logger {

class JournalReplay;

/// Opens one export where the journal's checkpoint says that it stands; the steps share the file and what is
/// known of it.
///
/// Threads: the main thread before all others, or the writer thread.
/// Errors:  StartupError (output_unusable); std::system_error if the file cannot be read.
/// Cost:    of a file that the checkpoint knows, only what stands behind the checkpoint is read.
class ExportOpening {
 public:
  /// `held`: the file that was written to until now, whose lock is ours, in case it is this one.
  /// `try_again` is asked before an error is thrown.
  ExportOpening(FileSystem& files, const Journal& journal, const Options& options, Format format,
                FileNumber number = kSingleFile, std::shared_ptr<File> held = nullptr,
                TryAgain try_again = {});

  /// For an export that is asked for. If it is not the file that the checkpoint knows, records before
  /// `first_sequence` are in another one. A CSV with other columns is made whole and moved aside.
  [[nodiscard]] FileSink open_or_make(std::uint64_t first_sequence);
  /// For the first record of a file in a series: makes it, or takes what an earlier attempt left of it.
  /// Nothing if that name is taken.
  [[nodiscard]] std::optional<FileSink> make_next(std::uint64_t first_sequence);
  /// For an export that an earlier run wrote and this one does not: it is made whole. Nothing if there is
  /// none, or none that the checkpoint knows: it is left alone then. It may have other columns than asked
  /// for.
  [[nodiscard]] std::optional<FileSink> repair();
  /// That the file is gone or was changed was said before, by an attempt that failed.
  void say_nothing_of_changes() noexcept { are_changes_said_ = true; }

 private:
  /// Up to where the file holds what we wrote.
  struct Extent {
    std::uint64_t body_size;
    std::uint64_t next_sequence;
  };

  bool open_existing();
  void create();
  void lock();
  [[nodiscard]] const SinkCheckpoint& checkpoint() const;
  [[nodiscard]] bool is_expected() const;
  void report_gone() const;
  void report_other() const;
  [[nodiscard]] std::optional<Extent> find_extent();
  [[nodiscard]] std::optional<Extent> cut_to_checkpoint(const SinkCheckpoint& known);
  [[nodiscard]] Extent cut_to_device(const SinkCheckpoint& known);
  [[nodiscard]] Extent cut_to_whole_records(const SinkCheckpoint& known);
  [[nodiscard]] std::uint64_t count_replayed_bytes(const SinkCheckpoint& known);
  [[nodiscard]] std::uint64_t skip_replayed_records(JournalReplay& replay, std::uint64_t begin);
  [[nodiscard]] bool is_replayed(JournalReplay& replay, const FoundRecord& record);
  [[nodiscard]] bool is_replayed_with_other_columns(const SinkCheckpoint& known);
  void cut(std::uint64_t body_size);
  void begin();
  void set_aside();
  void keep_copy(std::uint64_t begin, std::uint64_t end);
  [[nodiscard]] bool has_content(std::uint64_t begin, std::uint64_t end);
  [[nodiscard]] FileSink make_sink(const Extent& known);
  void check(const std::error_code& error, std::string_view doing) const;
  /// Calls, which returns an error, until there is none or waiting does not help.
  template <typename Call>
  void attempt(std::string_view doing, Call call) const;
  [[nodiscard]] std::string describe(const std::error_code& error, std::string_view doing) const;

  FileSystem& files_;
  const Journal& journal_;
  std::filesystem::path path_;
  const Options& options_;
  FileNumber number_;
  FileFormat rules_;
  std::shared_ptr<File> held_;
  std::shared_ptr<File> file_;
  std::uint64_t size_ = 0;
  TryAgain try_again_;
  bool are_changes_said_ = false;
};

}  // namespace mqtt_logger
