#include "export_opening.hpp"

#include "mqtt_logger/base/error.hpp"
#include "mqtt_logger/base/timestamp.hpp"
#include "mqtt_logger/format/fields.hpp"
#include "mqtt_logger/log/log.hpp"
#include "mqtt_logger/platform/crash_point.hpp"
#include "mqtt_logger/platform/file_name.hpp"

#include "journal_replay.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace mqtt_logger {
namespace {

constexpr std::uint64_t kChunkBytes = std::uint64_t{64} * 1024;
// The writer writes less at once, unless a single message is larger.
constexpr std::uint64_t kMaxUnfinishedBytes = std::uint64_t{64} * 1024 * 1024;

// `mqtt_data.csv`, "cut" → `mqtt_data.cut-20261120T153601Z.csv`
std::filesystem::path side_path(const std::filesystem::path& path, std::string_view what, int attempt) {
  TimestampFormatter timestamps;
  std::string time{timestamps.format(
      std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now()))};
  time.resize(19);
  std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
  const std::string counter = attempt == 0 ? "" : fmt::format("-{}", attempt + 1);
  const std::string end = fmt::format(".{}-{}Z{}{}", what, time, counter, path.extension().string());
  std::string stem = path.stem().string();
  const std::size_t longest = find_longest_name(folder_of(path));
  const auto is_within_character = [&stem](std::size_t at) {
    return at < stem.size() && (static_cast<unsigned char>(stem[at]) & 0xC0) == 0x80;
  };
  std::size_t length = std::min(stem.size(), longest - std::min(longest, end.size()));
  while (length > 0 && is_within_character(length)) --length;
  stem.resize(length);
  std::filesystem::path side = path;
  side.replace_filename(stem + end);
  return side;
}

}  // namespace

ExportOpening::ExportOpening(FileSystem& files, const Journal& journal, const Options& options, Format format,
                             FileNumber number, std::shared_ptr<File> held, TryAgain try_again)
    : files_{files},
      journal_{journal},
      path_{export_path(options.output, format, number)},
      options_{options},
      number_{number},
      rules_{file_format(format, options.columns)},
      held_{std::move(held)},
      try_again_{std::move(try_again)} {}

template <typename Call>
void ExportOpening::attempt(std::string_view doing, Call call) const {
  check(call_until_done(try_again_, call,
                        [this, doing](const std::error_code& error) { return describe(error, doing); }),
        doing);
}

FileSink ExportOpening::open_or_make(std::uint64_t first_sequence) {
  if (open_existing()) {
    lock();
    const FileFormat wanted = std::exchange(rules_, find_format_of(*file_, rules_, size_));
    const auto known = find_extent();
    const bool has_wanted_columns = rules_.opening == wanted.opening;
    rules_ = wanted;
    if (known && has_wanted_columns) return make_sink(*known);
    if (known) first_sequence = known->next_sequence;
    if (!known) report_other();
    if (is_continuable(*file_, rules_, size_))
      return make_sink({size_ - rules_.closing.size(), first_sequence});
    if (is_empty_export(*file_, rules_, size_)) {
      begin();
      return make_sink({rules_.opening.size(), first_sequence});
    }
    set_aside();
  } else {
    report_gone();
  }
  create();
  crash_point("recovery-file-made");
  begin();
  return make_sink({rules_.opening.size(), first_sequence});
}

std::optional<FileSink> ExportOpening::make_next(std::uint64_t first_sequence) {
  if (open_existing()) {
    if (!is_empty_export(*file_, rules_, size_)) return std::nullopt;
    lock();
  } else {
    std::unique_ptr<File> made;
    const std::error_code error = files_.create(path_, made);
    if (error == std::errc::file_exists) return std::nullopt;  // meanwhile, or a link to nowhere
    check(error, "create it");
    file_ = std::move(made);
    lock();
    crash_point("rotation-file-made");
  }
  begin();
  return make_sink({rules_.opening.size(), first_sequence});
}

std::optional<FileSink> ExportOpening::repair() {
  if (!open_existing()) {
    report_gone();
    return std::nullopt;
  }
  lock();
  rules_ = find_format_of(*file_, rules_, size_);
  const auto known = find_extent();
  if (known) return make_sink(*known);
  report_other();
  return std::nullopt;
}

bool ExportOpening::open_existing() {
  std::unique_ptr<File> found;
  const std::error_code error = files_.open(path_, found);
  if (error == std::errc::no_such_file_or_directory) return false;
  check(error, "open it");
  file_ = std::move(found);
  FileIdentity identity;
  FileIdentity held;
  check(file_->identity(identity), "read it");
  if (held_ != nullptr && !held_->identity(held) && held == identity) file_ = held_;
  check(file_->size(size_), "read it");
  // An error that the run before did not hear is told to this one; what it is of is written again.
  if (journal_.open_report().is_unconfirmed) static_cast<void>(file_->sync());
  return true;
}

void ExportOpening::create() {
  std::unique_ptr<File> made;
  attempt("create it", [&] { return files_.create(path_, made); });
  file_ = std::move(made);
  lock();
}

// Not its name alone, of which there may be several.
void ExportOpening::lock() {
  check(file_->lock(), "lock it");
}

const SinkCheckpoint& ExportOpening::checkpoint() const {
  return journal_.checkpoint().sinks[static_cast<std::size_t>(rules_.format)];
}

// Whether the checkpoint speaks of a file of this name.
bool ExportOpening::is_expected() const {
  return checkpoint().is_present && checkpoint().file_number == number_;
}

void ExportOpening::report_gone() const {
  if (are_changes_said_ || !is_expected()) return;
  log::warning("{} is gone; it had {} bytes when it was written last", path_.string(),
               checkpoint().body_size + rules_.closing.size());
}

void ExportOpening::report_other() const {
  if (are_changes_said_ || !is_expected()) return;
  const std::uint64_t expected = checkpoint().body_size + rules_.closing.size();
  if (size_ < expected) {
    log::warning(
        "{} is older than the journal, or was cut: it has {} bytes and had {} when it was written last",
        path_.string(), size_, expected);
  } else {
    log::warning("{} was changed by somebody else since it was written last", path_.string());
  }
}

// Cuts the file back to what the checkpoint says, if this is the file that it speaks of and nobody has
// changed it. That is told by what stands in it: its number on the device may be another one after a mount,
// or where it was copied to.
std::optional<ExportOpening::Extent> ExportOpening::find_extent() {
  const SinkCheckpoint& known = checkpoint();
  const bool is_ours = is_expected() && size_ >= known.body_size && is_body(*file_, rules_, known.body_size);
  if (!is_ours) return std::nullopt;
  if (journal_.open_report().had_restart) return cut_to_whole_records(known);
  return journal_.open_report().is_unconfirmed ? cut_to_device(known) : cut_to_checkpoint(known);
}

// After a sync that failed: what stands behind the checkpoint may be nowhere but in the system's memory, and
// perhaps not even there any more. It is written again, all of it.
ExportOpening::Extent ExportOpening::cut_to_device(const SinkCheckpoint& known) {
  const std::uint64_t rest = known.body_size + count_replayed_bytes(known);
  const bool is_ours = is_rest_of_closing(read_bytes(*file_, rest, std::min(size_, rest + kChunkBytes)),
                                          rest - known.body_size, rules_);
  if (!is_ours && has_content(rest, size_)) keep_copy(rest, size_);
  cut(known.body_size);
  return {known.body_size, known.next_sequence};
}

std::optional<ExportOpening::Extent> ExportOpening::cut_to_checkpoint(const SinkCheckpoint& known) {
  const std::uint64_t replayed = count_replayed_bytes(known);
  const std::uint64_t rest = known.body_size + replayed;
  const bool is_closed = size_ - rest <= rules_.closing.size() &&
                         is_rest_of_closing(read_bytes(*file_, rest, size_), replayed, rules_);
  if (!is_closed && !is_replayed_with_other_columns(known)) return std::nullopt;
  if (size_ != known.body_size + rules_.closing.size() ||
      read_bytes(*file_, known.body_size, size_) != rules_.closing) {
    log::info("{}: {} bytes of an unfinished write are cut back and written again", path_.string(),
              size_ - known.body_size);
    cut(known.body_size);
  }
  return Extent{known.body_size, known.next_sequence};
}

// After a power failure: the device may hold less than was written since the last sync, or holes; and the
// journal may hold less than the export.
ExportOpening::Extent ExportOpening::cut_to_whole_records(const SinkCheckpoint& known) {
  JournalReplay replay{journal_, rules_, options_, known.next_sequence};
  const std::uint64_t begin = skip_replayed_records(replay, known.body_size);
  const std::uint64_t end = find_whole_records(*file_, rules_, begin, size_, [&](const FoundRecord& record) {
    if (is_replayed(replay, record)) replay.advance();
    return true;
  });
  const std::uint64_t torn = size_ - end;
  if (torn != rules_.closing.size() || read_bytes(*file_, end, size_) != rules_.closing) {
    if (has_content(end, size_)) keep_copy(end, size_);
    log::warning("{}: cut back to its last whole record after a power failure; {} bytes behind it were torn",
                 path_.string(), torn);
    cut(end);
  }
  return {end, replay.sequence()};
}

// How much of what stands behind the checkpoint is what the writer will write there.
std::uint64_t ExportOpening::count_replayed_bytes(const SinkCheckpoint& known) {
  JournalReplay replay{journal_, rules_, options_, known.next_sequence};
  std::uint64_t end = skip_replayed_records(replay, known.body_size);
  bool is_whole = false;
  if (replay.has_record() && end < size_) end += replay.count_same_bytes(*file_, end, size_, is_whole);
  return end - known.body_size;
}

// Behind those whole records from `begin` on that are as the writer will write them.
std::uint64_t ExportOpening::skip_replayed_records(JournalReplay& replay, std::uint64_t begin) {
  std::uint64_t end = begin;
  for (; replay.has_record() && end < size_; replay.advance()) {
    bool is_whole = false;
    const std::uint64_t same = replay.count_same_bytes(*file_, end, size_, is_whole);
    if (!is_whole) break;
    end += same;
  }
  return end;
}

// A long one is compared in pieces, with the columns that it has now.
bool ExportOpening::is_replayed(JournalReplay& replay, const FoundRecord& record) {
  if (!record.is_long()) return replay.is_written_as(record.text);
  if (!replay.has_record()) return false;
  for (const std::string_view before : {rules_.before_first, rules_.before_next}) {
    const std::uint64_t at = record.begin - before.size();
    const bool is_first = at == rules_.opening.size();
    if (before != (is_first ? rules_.before_first : rules_.before_next)) continue;
    bool is_whole = false;
    static_cast<void>(replay.count_same_bytes(*file_, at, size_, is_whole));
    return is_whole;
  }
  return false;
}

// The same where the run that wrote it had other --columns: records, and the beginning of one, that the
// writer will write there but for what stands behind the fields of every record.
bool ExportOpening::is_replayed_with_other_columns(const SinkCheckpoint& known) {
  if (size_ - known.body_size > kMaxUnfinishedBytes) return false;
  JournalReplay replay{journal_, rules_, options_, known.next_sequence};
  const std::uint64_t end =
      find_whole_records(*file_, rules_, known.body_size, size_, [&](const FoundRecord& record) {
        const bool is_ours = is_replayed(replay, record);
        if (is_ours) replay.advance();
        return is_ours;
      });
  const std::string next = replay.has_record() ? replay.plain_text_in_body(end == rules_.opening.size()) : "";
  const std::string rest =
      read_bytes(*file_, end, std::min(size_, end + next.size() + rules_.closing.size()));
  const bool is_closed =
      end + rest.size() == size_ && is_rest_of_closing(rest, end - known.body_size, rules_);
  return is_closed || (!next.empty() && (next.starts_with(rest) || rest.starts_with(next)));
}

// In this order, so that what a crash leaves in between is an unfinished write still.
void ExportOpening::cut(std::uint64_t body_size) {
  const std::uint64_t size = body_size + rules_.closing.size();
  if (size_ > size) attempt("cut it back", [&] { return file_->truncate(size); });
  crash_point("recovery-cut");
  attempt("write to it", [&] { return file_->write_at(body_size, rules_.closing); });
  crash_point("recovery-closed");
}

// Cut to nothing first: some file systems write to a place that the device did not take, and still read zeros
// from it; a new place is none of those.
void ExportOpening::begin() {
  if (size_ != 0) attempt("cut it back", [this] { return file_->truncate(0); });
  attempt("write to it",
          [this] { return file_->write_at(0, std::string{rules_.opening} + std::string{rules_.closing}); });
  crash_point("recovery-created");
}

void ExportOpening::set_aside() {
  file_.reset();
  for (int number = 0;; ++number) {
    const std::filesystem::path aside = side_path(path_, "aside", number);
    const std::error_code error = call_until_done(
        try_again_, [&] { return files_.set_aside(path_, aside); },
        [this](const std::error_code& failed) { return describe(failed, "move it aside"); });
    if (error == std::errc::file_exists) continue;
    check(error, "move it aside");
    log::warning(
        "{} is not an export that can be continued (another header, or a torn end); it is kept as {}, and a "
        "new one is started",
        path_.string(), aside.string());
    return;
  }
}

void ExportOpening::keep_copy(std::uint64_t begin, std::uint64_t end) {
  std::unique_ptr<File> copy;
  std::error_code error;
  for (int number = 0;; ++number) {
    error = call_until_done(
        try_again_, [&] { return files_.create(side_path(path_, "cut", number), copy); },
        [this](const std::error_code& failed) { return describe(failed, "keep a copy of its torn end"); });
    if (error != std::errc::file_exists) break;
  }
  check(error, "keep a copy of its torn end");
  for (std::uint64_t at = begin; at < end; at += kChunkBytes) {
    const std::string chunk = read_bytes(*file_, at, std::min(end, at + kChunkBytes));
    attempt("keep a copy of its torn end", [&] { return copy->write_at(at - begin, chunk); });
  }
  check(copy->sync(), "keep a copy of its torn end");
}

bool ExportOpening::has_content(std::uint64_t begin, std::uint64_t end) {
  for (std::uint64_t at = begin; at < end; at += kChunkBytes) {
    const std::string chunk = read_bytes(*file_, at, std::min(end, at + kChunkBytes));
    if (std::ranges::any_of(chunk, [](char c) { return c != '\0'; })) return true;
  }
  return false;
}

FileSink ExportOpening::make_sink(const Extent& known) {
  SinkCheckpoint state;
  state.body_size = known.body_size;
  state.next_sequence = known.next_sequence;
  state.file_number = number_;
  check(file_->identity(state.identity), "read it");
  return FileSink{rules_, path_, file_, state};
}

void ExportOpening::check(const std::error_code& error, std::string_view doing) const {
  if (!error) return;
  if (error == std::errc::resource_unavailable_try_again) {
    throw StartupError{
        ExitCode::output_unusable,
        fmt::format("{}: is written by another logger, under this name or through a link; stop "
                    "that one or choose another --output",
                    path_.string())};
  }
  throw StartupError{ExitCode::output_unusable, describe(error, doing)};
}

std::string ExportOpening::describe(const std::error_code& error, std::string_view doing) const {
  return fmt::format("{}: cannot {}: {}; choose another place with --output", path_.string(), doing,
                     describe_write_error(error, kRotateInstead));
}

}  // namespace mqtt_logger
