#include "mqtt_logger/output/keeper.hpp"

#include "mqtt_logger/log.hpp"
#include "mqtt_logger/output/file_check.hpp"
#include "mqtt_logger/platform/process.hpp"

#include <algorithm>
#include <exception>
#include <map>
#include <memory>
#include <utility>

namespace mqtt_logger {
namespace {

using namespace std::chrono_literals;

constexpr auto kWakeEvery = 1s;
constexpr auto kKeepEvery = 60s;

}  // namespace

Keeper::Keeper(FileSystem& files, const Options& options, Exports& exports,
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

Keeper::~Keeper() {
  stop();
}

void Keeper::start() {
  if (!retention_.is_on() && !is_compressing_) return;
  static_cast<void>(clock_trust_.look(read_clock()));  // the thread's own look may come late
  thread_ = std::thread{[this] { run(); }};
}

void Keeper::stop() noexcept {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock{mutex_};
    is_stopping_ = true;
  }
  stop_wanted_.notify_all();
  thread_.join();
}

void Keeper::run() noexcept {
  name_this_thread("keeper");
  lower_this_threads_priority();
  std::uint64_t turns = 0;
  do {
    turns = exports_.finished_turns();  // before: what is finished meanwhile is for the next time
    const ClockReading clock = read_clock();
    written_.within = std::chrono::ceil<std::chrono::seconds>(clock.since_start - started_);
    keep(std::chrono::floor<std::chrono::seconds>(clock.wall), clock_trust_.look(clock));
  } while (wait_for_turn(turns));
}

// A look each second is cheaper than a lock that the writer would take at each turn.
bool Keeper::wait_for_turn(std::uint64_t turns) {
  const auto end = std::chrono::steady_clock::now() + kKeepEvery;
  std::unique_lock lock{mutex_};
  while (exports_.finished_turns() == turns && std::chrono::steady_clock::now() < end) {
    if (stop_wanted_.wait_for(lock, kWakeEvery, [this] { return is_stopping_.load(); })) return false;
  }
  return !is_stopping_;
}

// Names tell when files were begun.
std::optional<ReceiveTime> Keeper::find_latest_time(std::optional<ReceiveTime> last_contact) {
  const auto turns = find_turns();
  const auto in_use = exports_.numbers_in_use();
  for (const SeriesTurn& turn : turns) {
    if (std::ranges::count(in_use, turn.number) == 0) found_.insert(turn.number);
  }
  if (turns.empty()) return last_contact;
  return std::max<ReceiveTime>(last_contact.value_or(ReceiveTime{}), birth_of(turns.back().number));
}

void Keeper::keep(std::chrono::sys_seconds now, bool is_clock_believed) noexcept {
  is_clock_believed_ = is_clock_believed;
  if (is_clock_believed) is_doubt_reported_ = false;
  try {
    remove_parts();
    remove_surplus(now);
    // After each one, because one may take minutes.
    for (std::set<std::filesystem::path> tried; is_compressing_ && compress_next(tried);) remove_surplus(now);
  } catch (const std::exception& error) {
    log::warning("files beside {} cannot be looked after: {}", output_.string(), error.what());
  }
}

std::vector<SeriesTurn> Keeper::find_turns() {
  std::vector<std::filesystem::path> names;
  if (files_.list(folder_, names)) return {};  // the writer says that, and makes it anew
  std::map<FileNumber, SeriesTurn> found;
  for (const std::filesystem::path& name : names) {
    const auto file = parse_series_name(output_, name);
    FileStatus status;
    if (!file || file->is_part || files_.look_up(folder_ / name, status)) continue;
    SeriesTurn& turn = found[file->number];
    turn.number = file->number;
    turn.files.push_back({name, status.size, file->is_compressed, file->format});
  }
  std::vector<SeriesTurn> turns;
  turns.reserve(found.size());
  for (auto& [number, turn] : found) turns.push_back(std::move(turn));
  return turns;
}

void Keeper::remove_surplus(std::chrono::sys_seconds now) {
  const auto turns = find_turns();
  const auto in_use = exports_.numbers_in_use();
  note_written(turns, in_use);
  const auto surplus = retention_.find_surplus(turns, in_use, now, written_);
  if (surplus.empty()) return;
  if (!is_clock_believed_) {
    report_doubt(surplus.front().option);
    return;
  }
  for (const auto& each : surplus) remove(each);
}

// What was not there before, this process has written. Of more than one since the last look, those behind the
// file that is written now came before the clock was set back.
void Keeper::note_written(const std::vector<SeriesTurn>& turns, const std::vector<FileNumber>& in_use) {
  std::vector<FileNumber> fresh;
  for (const SeriesTurn& turn : turns) {
    if (found_.insert(turn.number).second) fresh.push_back(turn.number);
  }
  if (!in_use.empty())
    std::stable_partition(fresh.begin(), fresh.end(),
                          [&](FileNumber number) { return number > in_use.back(); });
  std::vector<FileNumber>& numbers = written_.numbers;
  numbers.insert(numbers.end(), fresh.begin(), fresh.end());
  const auto is_gone = [&turns](FileNumber number) {
    return std::ranges::none_of(turns, [number](const SeriesTurn& turn) { return turn.number == number; });
  };
  std::erase_if(numbers, is_gone);
  std::erase_if(found_, is_gone);
}

void Keeper::report_doubt(std::string_view option) {
  if (std::exchange(is_doubt_reported_, true)) return;
  log::warning(
      "the machine's clock is {} s {} what was expected; nothing is removed for {} until it has held for "
      "ten minutes, or is synchronised",
      std::chrono::abs(clock_trust_.step()).count(), clock_trust_.step().count() < 0 ? "behind" : "ahead of",
      option);
}

void Keeper::remove(const Retention::Surplus& surplus) {
  exports_.change_finished(surplus.turn.number, [this, &surplus] {
    for (const FoundFile& file : surplus.turn.files) {
      const std::filesystem::path path = output_.parent_path() / file.name;
      const std::error_code error = files_.remove(path);
      if (error == std::errc::no_such_file_or_directory) continue;
      if (!report_once(path, error, "removed")) continue;
      log::info("{} is removed ({})", path.string(), surplus.option);
    }
  });
}

// What a crash has left: nothing of them is under way now.
void Keeper::remove_parts() {
  std::vector<std::filesystem::path> names;
  if (files_.list(folder_, names)) return;
  for (const std::filesystem::path& name : names) {
    const auto file = parse_series_name(output_, name);
    if (!file || !file->is_part) continue;
    const std::filesystem::path path = output_.parent_path() / name;
    static_cast<void>(report_once(path, files_.remove(path), "removed"));
  }
}

bool Keeper::compress_next(std::set<std::filesystem::path>& tried) {
  const auto in_use = exports_.numbers_in_use();
  for (const SeriesTurn& turn : find_turns()) {
    if (std::ranges::count(in_use, turn.number) != 0) continue;
    for (const FoundFile& file : turn.files) {
      const std::filesystem::path path = output_.parent_path() / file.name;
      if (file.is_compressed || !tried.insert(path).second || is_hardly_begun(path, file.format)) continue;
      return compress(turn.number, path);
    }
  }
  return false;
}

// A turn that has failed, on a full disk say, leaves such files, and takes them up again.
bool Keeper::is_hardly_begun(const std::filesystem::path& path, Format format) {
  std::unique_ptr<File> file;
  std::uint64_t size = 0;
  return !files_.open(path, file) && !file->size(size) &&
         mqtt_logger::is_hardly_begun(*file, file_format(format, columns_), size);
}

bool Keeper::compress(FileNumber number, const std::filesystem::path& path) {
  const auto remove_original = [this, number, &path] {
    std::error_code error = std::make_error_code(std::errc::operation_canceled);
    exports_.change_finished(number, [this, &path, &error] { error = files_.remove(path); });
    return error;
  };
  switch (compressor_.replace(path, remove_original)) {
    case FileCompressor::Result::canceled:
      return !is_stopping_.load();
    case FileCompressor::Result::in_the_way:
      if (reported_.insert(path).second) {
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

bool Keeper::report_once(const std::filesystem::path& path, const std::error_code& error,
                         std::string_view what) {
  if (!error) {
    reported_.erase(path);
    return true;
  }
  if (reported_.insert(path).second)
    log::warning("{} cannot be {}: {}; trying again with each turn", path.string(), what, error.message());
  return false;
}

}  // namespace mqtt_logger
