#include "mqtt_logger/exports/recovery.hpp"

#include "mqtt_logger/base/error.hpp"
#include "mqtt_logger/journal/open_journal.hpp"
#include "mqtt_logger/log/log.hpp"
#include "mqtt_logger/platform/crash_point.hpp"
#include "mqtt_logger/platform/disk_faults.hpp"
#include "mqtt_logger/platform/folder_sync.hpp"

#include "export_opening.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

namespace mqtt_logger {
namespace {

void report(const OpenReport& found) {
  if (found.records != 0)
    log::info("{} messages of the run before are in the journal and are written now", found.records);
  if (found.has_lost_checkpoint) {
    log::error(
        "the journal was damaged: it does not say any more up to where the exports were written; what it "
        "holds is written from an earlier place on, so that records may be written twice");
  }
  if (found.is_unconfirmed) {
    log::warning("the run before could not bring all to the device: what may not be there is written again");
  }
  if (found.skipped_bytes != 0 || found.lost_records != 0) {
    log::error("the journal was damaged: {} bytes of it could not be read, at least {} messages are missing",
               found.skipped_bytes, found.lost_records);
  }
}

// A run that ended just after it had begun new files may not have brought those before to the device.
std::error_code sync_earlier(FileSystem& files, const Options& options, const Journal& journal) {
  const auto synced = journal.synced_checkpoint();
  for (const Format format : kAllFormats) {
    const auto index = static_cast<std::size_t>(format);
    if (!synced || !synced->sinks[index].is_present) continue;
    const FileNumber number = synced->sinks[index].file_number;
    if (number == journal.checkpoint().sinks[index].file_number) continue;
    std::unique_ptr<File> file;
    std::error_code error = files.open(export_path(options.output, format, number), file);
    if (is_missing(error)) continue;
    if (!error) error = file->sync();
    if (error) return error;
  }
  return {};
}

std::error_code sync_all(FileSystem& files, const Options& options, const Journal& journal,
                         std::span<FileSink* const> sinks) {
  for (FileSink* const sink : sinks) {
    if (sink->file() == nullptr) continue;
    if (const std::error_code error = sink->file()->sync()) return error;
  }
  // A new file needs its name on the device as well.
  const bool is_unconfirmed = journal.open_report().is_unconfirmed;
  if (const std::error_code error = FolderSync{is_unconfirmed}.sync(files, folder_of(options.output)))
    return error;
  if (!options.journal_in_file) return {};
  return FolderSync{is_unconfirmed}.sync(files, folder_of(journal_path(options)));
}

// From here on the journal's checkpoint and the exports agree, on the device as well: what a power failure
// may take is only what comes after.
void establish(FileSystem& files, const Options& options, Journal& journal,
               std::span<FileSink* const> sinks) {
  Checkpoint checkpoint = journal.checkpoint();
  checkpoint.sinks = {};
  for (const FileSink* const sink : sinks)
    checkpoint.sinks[static_cast<std::size_t>(sink->format())] = sink->checkpoint();
  journal.commit(checkpoint);
  crash_point("recovery-committed");
  std::error_code error = sync_earlier(files, options, journal);
  if (!error) error = sync_all(files, options, journal, sinks);
  if (!error) error = journal.sync();
  if (!error) error = journal.store_synced(checkpoint);
  if (error) {
    journal.mark_unconfirmed();  // for the next start
    // Without room that one may find some; to ask this one once more proves nothing, because a system counts
    // pages as clean that it could not bring to the device.
    const ExitCode exit_code =
        is_want_of_room(error) ? ExitCode::something_pending : ExitCode::output_unusable;
    throw StartupError{exit_code,
                       fmt::format("--output {}: exports or journal cannot be brought to the device: {}",
                                   options.output.string(), error.message())};
  }
  journal.mark_confirmed();
  journal.end_recovery();
  crash_point("recovery-done");
}

/// The exports of one start, format by format.
class Recovery {
 public:
  Recovery(FileSystem& files, const Options& options, const Journal& journal, const TryAgain& try_again)
      : files_{files}, options_{options}, journal_{journal}, try_again_{try_again} {}

  std::vector<FileSink> run(std::vector<FileSink>& repaired) {
    for (const Format format : kAllFormats) {
      try {
        open(format);
      } catch (const std::system_error& error) {
        throw StartupError{
            ExitCode::output_unusable,
            fmt::format("{}: cannot read it: {}; choose another place with --output",
                        export_path(options_.output, format, known(format).file_number).string(),
                        error.code().message())};
      }
    }
    if (is_series() && !is_one_file_of_all()) part_from_files();
    repaired = std::move(repaired_);
    return std::move(sinks_);
  }

 private:
  [[nodiscard]] bool is_series() const { return has_rotation(options_); }
  [[nodiscard]] const SinkCheckpoint& known(Format format) const {
    return journal_.checkpoint().sinks[static_cast<std::size_t>(format)];
  }

  [[nodiscard]] ExportOpening opening(Format format, FileNumber number) const {
    return {files_, journal_, options_, format, number, nullptr, try_again_};
  }

  void open(Format format) {
    const bool is_wanted = std::ranges::find(options_.formats, format) != options_.formats.end();
    const FileNumber number = known(format).file_number;
    // What is in a file that is not there any more comes again, as far as the journal has it.
    std::uint64_t first_sequence = known(format).is_present ? 0 : known(format).next_sequence;
    if (is_wanted && !is_series() && number == kSingleFile) {
      sinks_.push_back(opening(format, kSingleFile).open_or_make(first_sequence));
      return;
    }
    auto last = opening(format, number).repair();
    if (last) first_sequence = last->checkpoint().next_sequence;
    if (is_wanted && is_series()) {
      const bool goes_on =
          last && number != kSingleFile && last->is_of(file_format(format, options_.columns));
      sinks_.push_back(goes_on ? *last : without_file(format, first_sequence));
    } else if (is_wanted) {
      sinks_.push_back(opening(format, kSingleFile).open_or_make(first_sequence));
    }
    if (last) repaired_.push_back(std::move(*last));
  }

  [[nodiscard]] FileSink without_file(Format format, std::uint64_t first_sequence) const {
    SinkCheckpoint state;
    state.next_sequence = first_sequence;
    return {file_format(format, options_.columns), series_pattern(options_.output, format), nullptr, state};
  }

  [[nodiscard]] bool is_one_file_of_all() const {
    return std::ranges::all_of(sinks_, [this](const FileSink& sink) {
      return sink.file() != nullptr &&
             sink.checkpoint().file_number == sinks_.front().checkpoint().file_number;
    });
  }

  // A series goes on in the same file of all formats, or in new ones.
  void part_from_files() {
    for (FileSink& sink : sinks_) sink = without_file(sink.format(), sink.checkpoint().next_sequence);
  }

  FileSystem& files_;
  const Options& options_;
  const Journal& journal_;
  const TryAgain& try_again_;
  std::vector<FileSink> sinks_;
  std::vector<FileSink> repaired_;
};

}  // namespace

std::vector<FileSink> recover(FileSystem& files, const Options& options, Journal& journal,
                              const TryAgain& try_again) {
  report(journal.open_report());
  std::vector<FileSink> repaired;
  std::vector<FileSink> sinks = Recovery{files, options, journal, try_again}.run(repaired);
  std::vector<FileSink*> opened;
  for (auto* const some : {&repaired, &sinks}) {  // where a format has both, the later one counts
    for (FileSink& sink : *some) opened.push_back(&sink);
  }
  establish(files, options, journal, opened);
  return sinks;
}

}  // namespace mqtt_logger
