#include "mqtt_logger/housekeeping/housekeeper.hpp"

#include "mqtt_logger/exports/file_check.hpp"
#include "mqtt_logger/exports/first_record.hpp"
#include "mqtt_logger/log/log.hpp"
#include "mqtt_logger/platform/process.hpp"

#include <algorithm>
#include <exception>
#include <memory>
#include <utility>

namespace mqtt_logger {
namespace {

using namespace std::chrono_literals;

constexpr auto kWakeEvery = 1s;
constexpr auto kKeepEvery = 60s;

}  // namespace

Housekeeper::Housekeeper(FileSystem& files, const Options& options, Exports& exports,
                         std::optional<ReceiveTime> last_contact)
    : files_{files},
      output_{options.output},
      folder_{folder_of(output_)},
      columns_{options.columns},
      retention_{options},
      exports_{exports},
      is_compressing_{options.compress != Compression::none},
      compressor_{files, [this] { return !is_stopping_.load(); }},
      clock_trust_{find_latest_time(last_contact)} {}

Housekeeper::~Housekeeper() {
  stop();
}

void Housekeeper::start() {
  if (!retention_.is_on() && !is_compressing_) return;
  static_cast<void>(clock_trust_.check(read_clock()));  // the thread's own look may come late
  thread_ = std::thread{[this] { run(); }};
}

void Housekeeper::stop() noexcept {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock{mutex_};
    is_stopping_ = true;
  }
  stop_wanted_.notify_all();
  thread_.join();
}

void Housekeeper::run() noexcept {
  name_this_thread("housekeeper");
  lower_this_threads_priority();
  std::uint64_t rotations = 0;
  do {
    rotations = exports_.finished_rotations();  // before: what is finished meanwhile is for the next time
    const ClockReading clock = read_clock();
    written_.within = std::chrono::ceil<std::chrono::seconds>(clock.since_start - started_);
    keep(std::chrono::floor<std::chrono::seconds>(clock.wall), clock_trust_.check(clock));
  } while (wait_for_rotation(rotations));
}

// A look each second is cheaper than a lock that the writer would take at each rotation.
bool Housekeeper::wait_for_rotation(std::uint64_t rotations) {
  const auto end = std::chrono::steady_clock::now() + kKeepEvery;
  std::unique_lock lock{mutex_};
  while (exports_.finished_rotations() == rotations && std::chrono::steady_clock::now() < end) {
    if (stop_wanted_.wait_for(lock, kWakeEvery, [this] { return is_stopping_.load(); })) return false;
  }
  return !is_stopping_;
}

// Names tell when files were begun.
std::optional<ReceiveTime> Housekeeper::find_latest_time(std::optional<ReceiveTime> last_contact) {
  const auto groups = find_groups();
  const auto in_use = exports_.numbers_in_use();
  for (const FileGroup& group : groups) {
    if (std::ranges::count(in_use, group.number) == 0) found_.insert(group.number);
  }
  if (groups.empty()) return last_contact;
  return std::max<ReceiveTime>(last_contact.value_or(ReceiveTime{}), birth_of(groups.back().number));
}

void Housekeeper::keep(std::chrono::sys_seconds now, bool is_clock_believed) noexcept {
  is_clock_believed_ = is_clock_believed;
  if (is_clock_believed) is_untrusted_clock_reported_ = false;
  try {
    remove_parts();
    remove_expired(now);
    // After each one, because one may take minutes.
    for (std::set<std::filesystem::path> tried; is_compressing_ && compress_next(tried);) remove_expired(now);
  } catch (const std::exception& error) {
    log::warning("old files of {} cannot be removed or compressed: {}", output_.string(), error.what());
  }
}

// The files of the series that are ours: by what stands in them, because another logger's output may have a
// name that looks like one of these.
std::vector<FileGroup> Housekeeper::find_groups() {
  std::map<FileNumber, FileGroup> found;
  for (const std::filesystem::path& name : list_folder()) {
    const auto file = parse_series_name(output_, name);
    if (!file || file->is_part) continue;
    FileStatus status;
    const std::error_code error = files_.look_up(folder_ / name, status);
    if (is_missing(error) || !report_once(output_.parent_path() / name, error, "looked at")) continue;
    FileGroup& group = found[file->number];
    group.number = file->number;
    group.files.push_back({name, status.size, file->is_compressed, file->format, status.identity});
  }
  std::erase_if(known_, [&found](const auto& known) { return !found.contains(known.first); });
  std::vector<FileGroup> groups;
  groups.reserve(found.size());
  const auto in_use = exports_.numbers_in_use();
  for (auto& [number, group] : found) {
    if (std::ranges::count(in_use, number) != 0 || is_ours(group)) groups.push_back(std::move(group));
  }
  return groups;
}

std::vector<std::filesystem::path> Housekeeper::list_folder() {
  std::vector<std::filesystem::path> names;
  const std::error_code error = files_.list(folder_, names);
  if (is_missing(error)) return {};  // the writer makes it anew
  if (!report_once(folder_, error, "listed")) names.clear();
  return names;
}

// Files that were begun together carry the time of their first record in their name.
bool Housekeeper::is_ours(const FileGroup& group) {
  std::vector<FileIdentity> identities;
  for (const FoundFile& file : group.files) identities.push_back(file.identity);
  const auto known = known_.find(group.number);
  if (known != known_.end() && known->second == identities) return true;
  bool has_content = false;
  for (const FoundFile& file : group.files) {
    const std::filesystem::path path = output_.parent_path() / file.name;
    std::string text;
    if (!report_once(path, read(path, file.is_compressed, text), "read")) return false;
    const auto time = find_first_time(text, file.format);
    if (time && birth_of(first_file_number(*time)) == birth_of(group.number)) {
      known_[group.number] = std::move(identities);
      return true;
    }
    const FileFormat rules = file_format(file.format, columns_);
    has_content = has_content || time || !(rules.opening + std::string{rules.closing}).starts_with(text);
  }
  const std::filesystem::path first = output_.parent_path() / group.files.front().name;
  if (has_content && reported_.insert({first, "taken for ours"}).second) {
    log::warning(
        "{} has a name of this series, but the time of its first record is another one; it is left alone",
        first.string());
  }
  return false;
}

std::error_code Housekeeper::read(const std::filesystem::path& path, bool is_compressed, std::string& text) {
  std::unique_ptr<File> file;
  if (const std::error_code error = files_.open(path, file)) return error;
  return read_beginning(*file, is_compressed, text);
}

void Housekeeper::remove_expired(std::chrono::sys_seconds now) {
  const auto groups = find_groups();
  const auto in_use = exports_.numbers_in_use();
  note_written(groups, in_use);
  const auto expired = retention_.find_expired(groups, in_use, now, written_);
  if (expired.empty()) return;
  if (!is_clock_believed_) {
    report_untrusted_clock(expired.front().option);
    return;
  }
  for (const auto& each : expired) remove(each);
}

// What was not there before, this process has written. Of more than one since the last look, those behind the
// file that is written now came before the clock was set back.
void Housekeeper::note_written(const std::vector<FileGroup>& groups, const std::vector<FileNumber>& in_use) {
  std::vector<FileNumber> fresh;
  for (const FileGroup& group : groups) {
    if (found_.insert(group.number).second) fresh.push_back(group.number);
  }
  if (!in_use.empty())
    std::stable_partition(fresh.begin(), fresh.end(),
                          [&](FileNumber number) { return number > in_use.back(); });
  std::vector<FileNumber>& numbers = written_.numbers;
  numbers.insert(numbers.end(), fresh.begin(), fresh.end());
  const auto is_gone = [&groups](FileNumber number) {
    return std::ranges::none_of(groups, [number](const FileGroup& group) { return group.number == number; });
  };
  std::erase_if(numbers, is_gone);
  std::erase_if(found_, is_gone);
}

void Housekeeper::report_untrusted_clock(std::string_view option) {
  if (std::exchange(is_untrusted_clock_reported_, true)) return;
  log::warning(
      "the machine's clock is {} s {} what was expected; nothing is removed for {} until it has held for "
      "ten minutes, or is synchronised",
      std::chrono::abs(clock_trust_.step()).count(), clock_trust_.step().count() < 0 ? "behind" : "ahead of",
      option);
}

void Housekeeper::remove(const Retention::Expired& expired) {
  exports_.change_finished(expired.group.number, [this, &expired] {
    for (const FoundFile& file : expired.group.files) {
      const std::filesystem::path path = output_.parent_path() / file.name;
      const std::error_code error = files_.remove(path);
      if (is_missing(error)) continue;
      if (!report_once(path, error, "removed")) continue;
      log::info("{} is removed ({})", path.string(), expired.option);
    }
  });
}

// What a crash has left: nothing of them is under way now.
void Housekeeper::remove_parts() {
  for (const std::filesystem::path& name : list_folder()) {
    const auto file = parse_series_name(output_, name);
    if (!file || !file->is_part) continue;
    const std::filesystem::path path = export_path(output_, file->format, file->number);
    const std::filesystem::path part = part_path(path);
    const std::error_code error = compressor_.remove_part(path);
    if (error != std::errc::file_exists) {
      static_cast<void>(report_once(part, error, "removed"));
    } else if (reported_.insert({part, "taken for ours"}).second) {
      log::warning("{} is not what a compression left; it is left alone, and {} is not compressed",
                   part.string(), path.string());
    }
  }
}

bool Housekeeper::compress_next(std::set<std::filesystem::path>& tried) {
  const auto in_use = exports_.numbers_in_use();
  for (const FileGroup& group : find_groups()) {
    if (std::ranges::count(in_use, group.number) != 0) continue;
    for (const FoundFile& file : group.files) {
      const std::filesystem::path path = output_.parent_path() / file.name;
      if (file.is_compressed || !tried.insert(path).second) continue;
      bool is_begun = false;
      if (!report_once(path, check_begun(path, file.format, is_begun), "read") || !is_begun) continue;
      return compress(group.number, path);
    }
  }
  return false;
}

// A rotation that has failed, on a full disk say, leaves files without records, and takes them up again.
std::error_code Housekeeper::check_begun(const std::filesystem::path& path, Format format, bool& is_begun) {
  std::unique_ptr<File> file;
  std::uint64_t size = 0;
  std::error_code error = files_.open(path, file);
  if (!error) error = file->size(size);
  if (!error) is_begun = !is_empty_export(*file, file_format(format, columns_), size);
  return error;
}

bool Housekeeper::compress(FileNumber number, const std::filesystem::path& path) {
  const auto remove_original = [this, number, &path] {
    std::error_code error = std::make_error_code(std::errc::operation_canceled);
    exports_.change_finished(number, [this, &path, &error] { error = files_.remove(path); });
    return error;
  };
  switch (compressor_.replace(path, remove_original)) {
    case FileCompressor::Result::canceled:
      return !is_stopping_.load();
    case FileCompressor::Result::in_the_way:
      if (reported_.insert({path, "compressed"}).second) {
        log::warning("{} stays: {} is there, and holds something else", path.string(),
                     compressed_path(path).string());
      }
      return true;
    case FileCompressor::Result::done:
    case FileCompressor::Result::failed:
      break;
  }
  if (report_once(path, compressor_.error(), "compressed")) log::debug("{} is compressed", path.string());
  return true;
}

bool Housekeeper::report_once(const std::filesystem::path& path, const std::error_code& error,
                              std::string_view what) {
  if (!error) {
    reported_.erase({path, what});
    return true;
  }
  if (reported_.insert({path, what}).second)
    log::warning("{} cannot be {}: {}; trying again later", path.string(), what, error.message());
  return false;
}

}  // namespace mqtt_logger
