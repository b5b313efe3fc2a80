#include "mqtt_logger/output/recovery.hpp"

#include "mqtt_logger/error.hpp"
#include "mqtt_logger/journal/crash_point.hpp"
#include "mqtt_logger/journal/open_journal.hpp"
#include "mqtt_logger/log.hpp"
#include "mqtt_logger/output/export_opening.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

namespace mqtt_logger {
namespace {

constexpr std::array kAllFormats{Format::csv, Format::json, Format::jsonl};

void report(const JournalFindings& found) {
  if (found.records != 0)
    log::info("{} messages of the run before are in the journal and are written now", found.records);
  if (found.skipped_bytes != 0 || found.lost_records != 0) {
    log::error("the journal was damaged: {} bytes of it could not be read, at least {} messages are missing",
               found.skipped_bytes, found.lost_records);
  }
}

// A new file needs its name on the device as well.
std::error_code sync_folder_of(FileSystem& files, const std::filesystem::path& path) {
  const std::filesystem::path folder = path.parent_path();
  return files.sync_folder(folder.empty() ? "." : folder);
}

std::error_code sync_all(FileSystem& files, const Options& options, std::span<FileSink* const> sinks) {
  for (FileSink* const sink : sinks) {
    if (const std::error_code error = sink->sync()) return error;
  }
  if (const std::error_code error = sync_folder_of(files, options.output)) return error;
  return options.journal_in_file ? sync_folder_of(files, journal_path(options)) : std::error_code{};
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
  std::error_code error = sync_all(files, options, sinks);
  if (!error) error = journal.sync();
  if (!error) error = journal.store_synced(checkpoint);
  if (error) {
    throw StartupError{ExitCode::output_unusable,
                       fmt::format("--output {}: exports or journal cannot be brought to the device: {}",
                                   options.output.string(), error.message())};
  }
  journal.end_recovery();
  crash_point("recovery-done");
}

}  // namespace

std::filesystem::path export_path(const std::filesystem::path& output, Format format) {
  std::filesystem::path path = output;
  path += file_format(format).extension;
  return path;
}

std::vector<FileSink> recover(FileSystem& files, const Options& options, Journal& journal) {
  report(journal.findings());
  std::vector<FileSink> sinks;
  std::vector<FileSink> repaired;
  for (const Format format : kAllFormats) {
    const std::filesystem::path path = export_path(options.output, format);
    ExportOpening opening{files, journal, path, format};
    try {
      if (std::ranges::find(options.formats, format) != options.formats.end()) {
        sinks.push_back(opening.open_or_make());
      } else if (auto sink = opening.repair()) {
        repaired.push_back(std::move(*sink));
      }
    } catch (const std::system_error& error) {
      throw StartupError{ExitCode::output_unusable,
                         fmt::format("{}: cannot read it: {}; choose another place with --output",
                                     path.string(), error.code().message())};
    }
  }
  std::vector<FileSink*> opened;
  for (auto* const some : {&sinks, &repaired}) {
    for (FileSink& sink : *some) opened.push_back(&sink);
  }
  establish(files, options, journal, opened);
  return sinks;
}

}  // namespace mqtt_logger
