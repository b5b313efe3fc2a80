#include "mqtt_logger/output/recovery.hpp"

#include "mqtt_logger/error.hpp"
#include "mqtt_logger/format/fields.hpp"
#include "mqtt_logger/format/timestamp.hpp"
#include "mqtt_logger/journal/crash_point.hpp"
#include "mqtt_logger/log.hpp"
#include "mqtt_logger/output/file_check.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

namespace mqtt_logger {
namespace {

constexpr std::array kAllFormats{Format::csv, Format::json, Format::jsonl};

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& doing,
                       const std::error_code& error) {
  throw StartupError{ExitCode::output_unusable,
                     fmt::format("{}: cannot {}: {}; choose another place with --output", path.string(),
                                 doing, error.message())};
}

void check(const std::error_code& error, const std::filesystem::path& path, const std::string& doing) {
  if (error) fail(path, doing, error);
}

// `mqtt_data.csv`, "cut" → `mqtt_data.cut-20261120T153601Z.csv`
std::filesystem::path side_path(const std::filesystem::path& path, std::string_view what, int attempt) {
  TimestampFormatter timestamps;
  std::string time{timestamps.format(
      std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now()))};
  time.resize(19);
  std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
  const std::string counter = attempt == 0 ? "" : "-" + std::to_string(attempt + 1);
  std::filesystem::path side = path;
  side.replace_filename(
      fmt::format("{}.{}-{}Z{}{}", path.stem().string(), what, time, counter, path.extension().string()));
  return side;
}

/// Opens one export: the steps share the file and what is known of it.
class Opening {
 public:
  Opening(FileSystem& files, const Journal& journal, std::filesystem::path path, Format format)
      : files_{files},
        journal_{journal},
        path_{std::move(path)},
        format_{format},
        rules_{file_format(format)} {}

  /// For an export that is asked for.
  FileSink open_or_make() {
    if (!open_existing()) return make_new();
    if (const auto sink = open_known()) return take(*sink);
    if (is_continuable(*file_, rules_, size_)) {
      return FileSink{format_, path_, std::move(file_), size_ - rules_.closing.size(), 0};
    }
    move_aside();
    return make_new();
  }

  /// For an export that an earlier run wrote and this one does not: it is made whole and left alone.
  void repair() {
    if (open_existing()) static_cast<void>(open_known());
  }

 private:
  struct Known {
    std::uint64_t body_size;
    std::uint64_t next_sequence;
  };

  bool open_existing() {
    const std::error_code error = files_.open(path_, file_);
    if (error == std::errc::no_such_file_or_directory) return false;
    check(error, path_, "open it");
    check(file_->size(size_), path_, "read it");
    return true;
  }

  // Cuts the file back to what the checkpoint says, if this is the file that it speaks of and nobody has
  // changed it.
  std::optional<Known> open_known() {
    const SinkCheckpoint& known = journal_.checkpoint().sinks[static_cast<std::size_t>(format_)];
    FileIdentity identity;
    check(file_->identity(identity), path_, "read it");
    if (!known.is_present || known.identity != identity || size_ < known.body_size) return std::nullopt;
    return journal_.findings().had_restart ? cut_to_whole_records(known.body_size)
                                           : cut_to_checkpoint(known.body_size);
  }

  std::optional<Known> cut_to_checkpoint(std::uint64_t body_size) {
    const std::string tail = read_bytes(*file_, body_size, size_);
    if (!is_interrupted_write(tail, replay(body_size, tail.size()), rules_)) return std::nullopt;
    if (tail != rules_.closing) {
      log::info("{}: {} bytes of an unfinished write are cut back and written again", path_.string(),
                tail.size());
    }
    cut(body_size);
    return Known{body_size, 0};
  }

  // After a power failure: the device may hold less than was written since the last sync, or holes.
  std::optional<Known> cut_to_whole_records(std::uint64_t synced_size) {
    const WholeRecords whole = find_whole_records(*file_, rules_, synced_size, size_);
    const std::string tail = read_bytes(*file_, whole.end, size_);
    if (tail != rules_.closing) {
      if (std::ranges::any_of(tail, [](char c) { return c != '\0'; })) keep_copy(tail);
      log::warning(
          "{}: cut back to its last whole record after a power failure; {} bytes behind it were torn",
          path_.string(), tail.size());
    }
    cut(whole.end);
    return Known{whole.end, journal_.checkpoint().next_sequence + whole.count};
  }

  FileSink take(const Known& known) {
    return FileSink{format_, path_, std::move(file_), known.body_size, known.next_sequence};
  }

  // What the writer will write behind `body_size`, up to `length` bytes or more.
  [[nodiscard]] std::string replay(std::uint64_t body_size, std::size_t length) const {
    std::string bytes;
    TimestampFormatter timestamps;
    Position position = journal_.checkpoint().position;
    while (bytes.size() < length) {
      const auto record = journal_.read(position);
      if (!record) break;
      rules_.append_to_body(bytes, make_fields(record->message, timestamps),
                            body_size + bytes.size() == rules_.opening.size());
    }
    return bytes;
  }

  void cut(std::uint64_t body_size) {
    const std::uint64_t size = body_size + rules_.closing.size();
    check(file_->write_at(body_size, rules_.closing), path_, "write to it");
    crash_point("recovery-closed");
    if (size != size_) check(file_->truncate(size), path_, "cut it back");
    crash_point("recovery-cut");
  }

  FileSink make_new() {
    check(files_.create(path_, file_), path_, "create it");
    const std::string empty = std::string{rules_.opening} + std::string{rules_.closing};
    check(file_->write_at(0, empty), path_, "write to it");
    crash_point("recovery-created");
    return FileSink{format_, path_, std::move(file_), rules_.opening.size(), 0};
  }

  void move_aside() {
    file_.reset();
    for (int attempt = 0;; ++attempt) {
      const std::filesystem::path aside = side_path(path_, "aside", attempt);
      const std::error_code error = files_.move_aside(path_, aside);
      if (error == std::errc::file_exists) continue;
      check(error, path_, "move it aside");
      log::warning(
          "{} is not an export that can be continued (another header, or a torn end); it is kept as {}, and "
          "a new one "
          "is begun",
          path_.string(), aside.string());
      return;
    }
  }

  void keep_copy(const std::string& bytes) {
    for (int attempt = 0;; ++attempt) {
      const std::filesystem::path copy = side_path(path_, "cut", attempt);
      std::unique_ptr<File> file;
      const std::error_code error = files_.create(copy, file);
      if (error == std::errc::file_exists) continue;
      check(error, copy, "create it");
      check(file->write_at(0, bytes), copy, "write to it");
      return;
    }
  }

  FileSystem& files_;
  const Journal& journal_;
  std::filesystem::path path_;
  Format format_;
  const FileFormat& rules_;
  std::unique_ptr<File> file_;
  std::uint64_t size_ = 0;
};

void report(const JournalFindings& found) {
  if (found.records != 0)
    log::info("{} messages of the run before are in the journal and are written now", found.records);
  if (found.skipped_bytes != 0 || found.lost_records != 0) {
    log::error("the journal was damaged: {} bytes of it could not be read, at least {} messages are missing",
               found.skipped_bytes, found.lost_records);
  }
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
  for (const Format format : kAllFormats) {
    Opening opening{files, journal, export_path(options.output, format), format};
    try {
      if (std::ranges::find(options.formats, format) != options.formats.end()) {
        sinks.push_back(opening.open_or_make());
      } else {
        opening.repair();
      }
    } catch (const std::system_error& error) {
      fail(export_path(options.output, format), "read it", error.code());
    }
  }
  return sinks;
}

}  // namespace mqtt_logger
