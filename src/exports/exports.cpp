#include "mqtt_logger/exports/exports.hpp"

#include "mqtt_logger/base/error.hpp"
#include "mqtt_logger/exports/file_check.hpp"
#include "mqtt_logger/log/log.hpp"
#include "mqtt_logger/platform/crash_point.hpp"
#include "mqtt_logger/platform/local_time.hpp"

#include "export_opening.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace mqtt_logger {
namespace {

/// What `action` throws, as a fault.
template <typename Action>
std::optional<ExportFault> catch_fault(const std::filesystem::path& path, Action action) noexcept {
  try {
    action();
    return std::nullopt;
  } catch (const std::exception& error) {
    return ExportFault{path, error.what()};
  }
}

void throw_if(const std::error_code& error) {
  if (error) throw std::system_error{error};
}

/// What is there, and not to be opened for writing by us.
bool is_of_somebody_else(const std::error_code& error) noexcept {
  return error == std::errc::permission_denied || error == std::errc::operation_not_permitted ||
         error == std::errc::is_a_directory || error == std::errc::not_supported ||
         error == std::errc::text_file_busy || error == std::errc::too_many_symbolic_link_levels;
}

}  // namespace

Exports::Exports(FileSystem& files, const Options& options, const Journal& journal,
                 std::vector<FileSink> sinks)
    : files_{files},
      journal_{journal},
      options_{options},
      rotation_{options, utc_offset},
      sinks_{std::move(sinks)} {
  remember_files();
}

bool Exports::is_rotation_due(ReceiveTime time, std::uint64_t sequence) {
  if (!rotation_.is_on()) return false;
  std::uint64_t body_bytes = 0;
  bool has_records = false;
  for (const FileSink& sink : sinks_) {
    if (sink.file() == nullptr) return true;
    if (sequence < sink.checkpoint().next_sequence) return false;
    body_bytes = std::max(body_bytes, sink.body_size() + sink.batch_bytes());
    has_records = has_records || sink.has_records() || sink.batch_bytes() != 0;
  }
  return has_records && rotation_.is_due(sinks_.front().checkpoint().file_number, body_bytes, time);
}

std::optional<ExportFault> Exports::rotate(ReceiveTime time) noexcept {
  return catch_fault(sinks_.front().path(), [this, time] {
    const std::lock_guard rotation_lock{rotation_mutex_};
    make_folder();
    for (FileNumber number = find_free_number(time);; number = next_file_number(number)) {
      auto made = make_files(number);
      if (!made) continue;
      crash_point("rotation-files-begun");
      replace(std::move(*made));
      log::debug("{} is begun", sinks_.front().path().string());
      return;
    }
  });
}

std::optional<ExportFault> Exports::find_lost_files(bool& has_lost_files) noexcept {
  has_lost_files = false;
  std::optional<ExportFault> first;
  for (FileSink& sink : sinks_) {
    auto fault = catch_fault(sink.path(), [this, &sink, &has_lost_files] {
      if (is_lost(sink)) has_lost_files = true;
    });
    if (!first) first = std::move(fault);
  }
  return first;
}

std::optional<ExportFault> Exports::open_again() noexcept {
  return catch_fault(sinks_.front().path(), [this] {
    make_folder();
    if (rotation_.is_on()) {
      open_series_again();
    } else {
      open_single_again();
    }
    said_lost_.clear();
  });
}

std::error_code Exports::sync_names() noexcept {
  {
    const std::lock_guard lock{mutex_};
    if (!std::exchange(has_new_names_, false)) return {};
  }
  const std::error_code error = folder_sync_.sync(files_, folder_of(options_.output));
  if (!error) return {};
  const std::lock_guard lock{mutex_};
  has_new_names_ = true;
  return error;
}

std::error_code Exports::sync() noexcept {
  std::vector<std::shared_ptr<File>> finished;
  std::vector<std::shared_ptr<File>> open;
  {
    const std::lock_guard lock{mutex_};
    finished = finished_files_;
    open = open_files_;
  }
  for (const auto* const files : {&finished, &open}) {
    for (const auto& file : *files) {
      if (const std::error_code error = file->sync()) return error;
    }
  }
  // Not those that were finished meanwhile: they may have been written to after their sync.
  const std::lock_guard lock{mutex_};
  std::erase_if(finished_files_, [&finished](const auto& file) {
    return std::ranges::find(finished, file) != finished.end();
  });
  return {};
}

// All others are closed: they were begun since, and are begun again under the same names.
void Exports::go_back(const Checkpoint& earlier) noexcept {
  std::vector<FileSink> sinks;
  std::vector<std::shared_ptr<File>> files;
  for (FileSink& sink : sinks_) {
    const SinkCheckpoint& state = earlier.sinks[static_cast<std::size_t>(sink.format())];
    sinks.push_back(find_sink(sink, state));
    sinks.back().go_back(state);
    if (sinks.back().file() != nullptr) files.push_back(sinks.back().file());
  }
  sinks_ = std::move(sinks);
  earlier_sinks_.clear();
  const std::lock_guard lock{mutex_};
  finished_files_.clear();
  open_files_ = std::move(files);
  has_new_names_ = true;
  remember_numbers();
}

FileSink& Exports::find_sink(FileSink& current, const SinkCheckpoint& state) {
  for (FileSink& sink : earlier_sinks_) {
    const SinkCheckpoint& found = sink.checkpoint();
    if (sink.format() == current.format() && found.is_present == state.is_present &&
        found.identity == state.identity && found.file_number == state.file_number)
      return sink;
  }
  return current;
}

void Exports::finish_others() noexcept {
  earlier_sinks_.clear();
  const std::lock_guard lock{mutex_};
  if (numbers_in_use_.size() > 1) finished_rotations_.fetch_add(1);
  numbers_in_use_.clear();
  remember_numbers();
}

std::vector<FileNumber> Exports::numbers_in_use() {
  const std::lock_guard lock{mutex_};
  return numbers_in_use_;
}

bool Exports::change_finished(FileNumber number, const std::function<void()>& change) {
  const std::lock_guard rotation_lock{rotation_mutex_};
  if (std::ranges::count(numbers_in_use(), number) != 0) return false;
  change();
  return true;
}

bool Exports::is_lost(FileSink& sink) {
  if (sink.file() == nullptr) return false;
  bool is_intact = false;
  throw_if(sink.check_intact(is_intact));
  if (!is_intact) return true;
  FileStatus found;
  const std::error_code error = files_.look_up(sink.path(), found);
  if (is_missing(error)) return true;
  throw_if(error);
  return found.identity != sink.checkpoint().identity;
}

// An earlier attempt may have left files that are empty, for this very record.
bool Exports::is_free(FileNumber number) {
  return std::ranges::all_of(kAllFormats, [this, number](Format format) {
    const std::filesystem::path path = export_path(options_.output, format, number);
    return !is_taken(compressed_path(path)) && (!is_taken(path) || is_empty_export(path, format));
  });
}

// Only what is known to be missing is free, and only what is known to be there is taken: with any other
// answer (no file descriptor, no way into the folder, a broken disk) each name would be the same as the one
// before.
bool Exports::is_taken(const std::filesystem::path& path) {
  FileStatus found;
  const std::error_code error = files_.look_up(path, found);
  if (is_missing(error)) return false;
  if (error != std::errc::too_many_symbolic_link_levels) throw_if(error);
  return true;
}

bool Exports::is_empty_export(const std::filesystem::path& path, Format format) {
  std::unique_ptr<File> file;
  const std::error_code error = files_.open(path, file);
  if (is_missing(error)) return true;  // meanwhile
  if (is_of_somebody_else(error)) return false;
  throw_if(error);
  std::uint64_t size = 0;
  throw_if(file->size(size));
  return mqtt_logger::is_empty_export(*file, file_format(format, options_.columns), size);
}

FileNumber Exports::find_free_number(ReceiveTime time) {
  const FileNumber current = sinks_.front().checkpoint().file_number;
  FileNumber number = first_file_number(time);
  if (current >= number && birth_of(current) == birth_of(number)) number = next_file_number(current);
  while (!is_free(number)) number = next_file_number(number);
  return number;
}

std::optional<std::vector<FileSink>> Exports::make_files(FileNumber number) {
  std::vector<FileSink> made;
  for (const FileSink& sink : sinks_) {
    ExportOpening opening{files_, journal_, options_, sink.format(), number};
    auto next = opening.make_next(sink.checkpoint().next_sequence);
    if (!next) return std::nullopt;
    made.push_back(std::move(*next));
  }
  return made;
}

void Exports::open_single_again() {
  std::vector<FileSink> sinks;
  for (FileSink& sink : sinks_) {
    if (!is_lost(sink)) {
      sinks.push_back(sink);
      continue;
    }
    const bool is_said = !said_lost_.insert(sink.path()).second;
    if (!is_said)
      log::warning("{} was moved, deleted or cut by somebody else; started a new file", sink.path().string());
    ExportOpening opening{files_, journal_, options_, sink.format(), kSingleFile, sink.file()};
    if (is_said) opening.say_nothing_of_changes();
    sinks.push_back(opening.open_or_make(sink.checkpoint().next_sequence));
  }
  replace(std::move(sinks));
}

void Exports::open_series_again() {
  std::vector<FileSink> sinks;
  bool has_all = true;
  for (FileSink& sink : sinks_) {
    const bool was_lost = is_lost(sink);
    if (was_lost) {
      log::warning("{} was moved, deleted or cut by somebody else; the next record starts new files",
                   sink.path().string());
    }
    has_all = has_all && !was_lost && sink.file() != nullptr;
    if (has_all) sinks.push_back(sink);
  }
  if (!has_all) {
    sinks.clear();
    for (const FileSink& sink : sinks_) {
      SinkCheckpoint state;
      state.next_sequence = sink.checkpoint().next_sequence;
      sinks.emplace_back(file_format(sink.format(), options_.columns),
                         series_pattern(options_.output, sink.format()), nullptr, state);
    }
  }
  replace(std::move(sinks));
}

void Exports::make_folder() {
  throw_if(files_.create_folders(folder_of(options_.output)));
}

void Exports::replace(std::vector<FileSink> sinks) {
  std::ranges::move(sinks_, std::back_inserter(earlier_sinks_));
  sinks_ = std::move(sinks);
  remember_files();
}

void Exports::remember_files() {
  std::vector<std::shared_ptr<File>> files;
  for (const FileSink& sink : sinks_) {
    if (sink.file() != nullptr) files.push_back(sink.file());
  }
  const std::lock_guard lock{mutex_};
  for (auto& file : open_files_) {
    if (std::ranges::find(files, file) == files.end()) finished_files_.push_back(std::move(file));
  }
  open_files_ = std::move(files);
  has_new_names_ = true;
  remember_numbers();
}

// Those before stay in use: until a checkpoint on the device names the new ones, a crash goes back to them.
void Exports::remember_numbers() {
  for (const FileSink& sink : sinks_) {
    const FileNumber number = sink.checkpoint().file_number;
    if (std::ranges::count(numbers_in_use_, number) == 0) numbers_in_use_.push_back(number);
  }
}

}  // namespace mqtt_logger
