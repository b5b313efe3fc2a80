#include "mqtt_logger/output/keeper.hpp"

#include "mqtt_logger/log.hpp"
#include "mqtt_logger/platform/process.hpp"

#include <exception>
#include <map>

namespace mqtt_logger {
namespace {

using namespace std::chrono_literals;

constexpr auto kLookEvery = 1s;
constexpr auto kKeepEvery = 60s;

std::chrono::sys_seconds now() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

}  // namespace

Keeper::Keeper(FileSystem& files, const Options& options, Exports& exports)
    : files_{files},
      output_{options.output},
      folder_{output_.has_parent_path() ? output_.parent_path() : "."},
      retention_{options},
      exports_{exports} {}

Keeper::~Keeper() {
  stop();
}

void Keeper::start() {
  if (retention_.is_on()) thread_ = std::thread{[this] { run(); }};
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
    keep(now());
  } while (wait_for_turn(turns));
}

// A look each second is cheaper than a lock that the writer would take at each turn.
bool Keeper::wait_for_turn(std::uint64_t turns) {
  const auto end = std::chrono::steady_clock::now() + kKeepEvery;
  std::unique_lock lock{mutex_};
  while (exports_.finished_turns() == turns && std::chrono::steady_clock::now() < end) {
    if (stop_wanted_.wait_for(lock, kLookEvery, [this] { return is_stopping_; })) return false;
  }
  return !is_stopping_;
}

void Keeper::keep(std::chrono::sys_seconds now) noexcept {
  try {
    remove_surplus(now);
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
    if (!file || files_.look_up(folder_ / name, status)) continue;
    SeriesTurn& turn = found[file->number];
    turn.number = file->number;
    turn.files.push_back({name, status.size});
  }
  std::vector<SeriesTurn> turns;
  turns.reserve(found.size());
  for (auto& [number, turn] : found) turns.push_back(std::move(turn));
  return turns;
}

void Keeper::remove_surplus(std::chrono::sys_seconds now) {
  const auto turns = find_turns();
  for (const auto& surplus : retention_.find_surplus(turns, exports_.numbers_in_use(), now)) remove(surplus);
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
