#include "mqtt_logger/exports/writer.hpp"

#include "mqtt_logger/format/fields.hpp"
#include "mqtt_logger/journal/open_journal.hpp"
#include "mqtt_logger/log/log.hpp"
#include "mqtt_logger/log/try_again.hpp"
#include "mqtt_logger/platform/crash_point.hpp"
#include "mqtt_logger/platform/process.hpp"

#include <algorithm>
#include <utility>

namespace mqtt_logger {
namespace {

using namespace std::chrono_literals;

// Large enough that a system call costs nothing beside it, small enough to stay in the processor's cache.
constexpr std::size_t kBatchBytes = std::size_t{256} * 1024;
// While messages flow, a pause between rounds gathers them into batches; a wake-up for each message would
// cost more than the message. After so many rounds without any the writer sleeps until it is woken.
constexpr auto kPause = 1ms;
constexpr int kIdleRoundsBeforeSleep = 20;
constexpr auto kRetryEvery = 1s;
constexpr std::chrono::steady_clock::time_point kNow{};  // a time for a look that is long over

}  // namespace

Writer::Writer(Journal& journal, Exports& exports, Syncer& syncer, const Options& options,
               Statistics& statistics, std::chrono::milliseconds check_every)
    : journal_{journal},
      exports_{exports},
      syncer_{syncer},
      fsync_{options.fsync},
      statistics_{statistics},
      check_every_{check_every},
      fields_{options.columns, options.client_id},
      next_{journal.checkpoint()},
      journal_path_{journal_path(options)},
      committed_{journal.checkpoint()},
      next_check_{std::chrono::steady_clock::now() + check_every} {}

Writer::~Writer() {
  stop();
}

void Writer::start() {
  thread_ = std::thread{[this] { run(); }};
}

void Writer::stop() noexcept {
  if (!thread_.joinable()) return;
  is_stopping_.store(true, std::memory_order_release);  // pairs with run()
  journal_.wake_writer();
  thread_.join();
}

void Writer::open_again() noexcept {
  is_open_again_wanted_.store(true, std::memory_order_release);  // pairs with check_exports()
  journal_.wake_writer();
}

Writer::StepResult Writer::step() noexcept {
  if (syncer_.is_unconfirmed()) go_back();
  if (!check_exports()) return StepResult::blocked;
  if (batch_records_ == 0) {
    if (const auto first = read_batch()) {
      if (!begin_new_files(*first)) return StepResult::blocked;
      static_cast<void>(read_batch());
    }
  }
  const bool is_at_end = batch_records_ == 0 && next_.position == journal_.head();
  // Nothing that was read from a journal that somebody has cut meanwhile goes into the exports.
  if (!is_at_end && !journal_.is_whole(next_.position))
    return restore_journal() ? StepResult::wrote : StepResult::blocked;
  if (batch_records_ == 0) {
    if (is_device_tried_ && !sync_exports()) return StepResult::blocked;
    return StepResult::idle;
  }
  crash_point("batch-read");
  if (!write_batch()) return next_check_ == kNow ? StepResult::wrote : StepResult::blocked;
  crash_point("batch-written");
  commit();
  if (is_device_tried_ && !sync_exports()) return StepResult::blocked;
  return StepResult::wrote;
}

void Writer::run() noexcept {
  name_this_thread("writer");
  int idle_rounds = 0;
  for (;;) {
    const bool is_stopping =
        is_stopping_.load(std::memory_order_acquire);  // before step(): all is there to be read
    journal_.write_contact();
    const StepResult result = step();
    statistics_.writer_iterations.add();
    if (is_stopping && result != StepResult::wrote) return finish();
    if (result == StepResult::wrote && is_batch_full_) continue;  // more is waiting
    idle_rounds = result == StepResult::idle ? idle_rounds + 1 : 0;
    if (result == StepResult::blocked) {
      std::this_thread::sleep_for(kRetryEvery);
    } else if (idle_rounds > kIdleRoundsBeforeSleep) {
      journal_.wait_for_records(next_.position, check_every_);
    } else {
      std::this_thread::sleep_for(kPause);
    }
  }
}

// A file that somebody else has taken away must not be written to for long; and not at all before the one
// that takes its place is begun.
bool Writer::check_exports() noexcept {
  const bool is_wanted = batch_records_ == 0 && is_open_again_wanted_.exchange(false);
  const auto now = std::chrono::steady_clock::now();
  if (!is_wanted && now < next_check_) return !are_files_new_ || commit_to_device();
  if (is_wanted || has_lost_files()) {
    forget_batch();
    if (const auto fault = exports_.open_again()) {
      report(fault->path, fault->reason);
      return false;  // and looks again with the next step
    }
    are_files_new_ = true;
  }
  check_journal();
  next_check_ = now + check_every_;
  return !are_files_new_ || commit_to_device();
}

// A journal without a name is gone with this process, and with it what is not in the exports. Everything that
// waits is in the new one, too.
void Writer::check_journal() noexcept {
  bool is_in_place = true;
  const auto now = std::chrono::steady_clock::now();
  if (const std::error_code error = journal_.check_place(is_in_place)) {
    if (journal_unseen_.is_due(now))
      log::warning("the journal {} cannot be checked: {}", journal_path_.string(), error.message());
    return;
  }
  static_cast<void>(journal_unseen_.end());
  if (!journal_.is_whole(next_.position)) static_cast<void>(restore_journal());
  if (is_in_place) return;
  std::filesystem::path kept_as;
  const std::error_code error = journal_.move_to_new_file(kept_as);
  if (!kept_as.empty()) {
    log::warning("what stood in the place of the journal {} is kept as {}", journal_path_.string(),
                 kept_as.string());
  }
  if (!error) {
    static_cast<void>(journal_lost_.end());
    log::warning(
        "the journal {} was deleted, moved or replaced by somebody else; a new one holds all that was in it",
        journal_path_.string());
  } else if (journal_lost_.is_due(now)) {
    log::error(
        "the journal {} was deleted, moved or replaced by somebody else, and no new one can be made: {}; {}"
        "what is not in the exports yet is lost if this process is killed; trying again each second",
        journal_path_.string(), error.message(),
        error == std::errc::file_exists ? "move away what stands in its place; " : "");
  }
}

// What was cut is gone. All that was read is read again, as far as it is still there.
bool Writer::restore_journal() noexcept {
  forget_batch();
  next_ = committed_;
  JournalRest rest;
  if (const std::error_code error = journal_.restore(rest)) {
    if (journal_cut_.is_due(std::chrono::steady_clock::now())) {
      log::error(
          "the journal {} was cut or overwritten by somebody else while running, and cannot be made whole: "
          "{}; trying again each second",
          journal_path_.string(), error.message());
    }
    return false;
  }
  static_cast<void>(journal_cut_.end());
  const std::uint64_t accounted = statistics_.written.get() + statistics_.lost.get() + rest.readable;
  const std::uint64_t lost = rest.appended - std::min(rest.appended, accounted);
  statistics_.lost.add(lost);
  log::error(
      "the journal {} was cut or overwritten by somebody else while running: {} messages that were not "
      "written to the exports yet are lost; it is whole again, and what the broker sends again may be "
      "recorded twice",
      journal_path_.string(), lost);
  // What was cut cannot be written again, should the power fail or a sync of the exports.
  if (fsync_ != Fsync::no) static_cast<void>(syncer_.sync());
  return true;
}

// A file that cannot be looked at is open all the same, and goes on: only who has moved it is not known.
bool Writer::has_lost_files() noexcept {
  bool has_lost_files = false;
  const auto fault = exports_.find_lost_files(has_lost_files);
  if (!fault) {
    if (unseen_.end()) log::info("exports can be checked again");
  } else if (unseen_.is_due(std::chrono::steady_clock::now())) {
    log::warning("{} cannot be checked: {}; it is written on, even if somebody has moved it away",
                 fault->path.string(), fault->reason);
  }
  return has_lost_files;
}

bool Writer::begin_new_files(ReceiveTime time) noexcept {
  if (const auto fault = exports_.rotate(time)) {
    report(fault->path, fault->reason);
    return false;
  }
  are_files_new_ = true;
  return commit_to_device();
}

// Before the first record is written to files that are new: else a power failure could leave records in files
// that no checkpoint knows.
bool Writer::commit_to_device() noexcept {
  commit();
  crash_point("rotation-committed");
  are_files_new_ = true;
  if (!sync_exports()) return false;
  are_files_new_ = false;
  exports_.finish_others();
  crash_point("rotation-done");
  return true;
}

bool Writer::sync_exports() noexcept {
  const std::error_code error = syncer_.sync();
  if (error) {
    report(exports_.sinks().front().path(), describe_write_error(error, kRotateInstead));
    if (syncer_.is_unconfirmed()) go_back();
    return false;
  }
  if (std::exchange(is_device_tried_, false) && failing_.end()) log::info("exports can be written again");
  return true;
}

// What a failed sync leaves behind is in the system's memory, and nobody knows what of it is on the device.
// So it counts as not written, and is written again. The checkpoint goes first: what the files hold beyond it
// is an unfinished write, should the process end in between.
void Writer::go_back() noexcept {
  const auto synced = syncer_.go_back();
  if (!synced) return;
  const auto& [checkpoint, records] = *synced;
  journal_.commit(checkpoint);
  statistics_.written.take_back(std::exchange(written_records_, records) - records);
  exports_.go_back(checkpoint);
  next_ = committed_ = checkpoint;
  batch_records_ = 0;
  are_files_new_ = false;
  is_device_tried_ = true;
}

// What was written and cannot be brought to the device is not written, and the account says so.
void Writer::finish() noexcept {
  if (fsync_ != Fsync::no && !syncer_.is_unconfirmed()) static_cast<void>(syncer_.sync());
  if (syncer_.is_unconfirmed()) go_back();
}

std::optional<ReceiveTime> Writer::read_batch() {
  is_batch_full_ = false;
  while (!is_batch_full_) {
    const Position begin = next_.position;
    const auto record = journal_.read(next_.position);
    if (!record) return std::nullopt;
    if (exports_.is_rotation_due(record->message.receive_time, record->sequence)) {
      next_.position = begin;
      is_batch_full_ = true;  // more is waiting
      return batch_records_ == 0 ? std::optional{record->message.receive_time} : std::nullopt;
    }
    watch_clock(record->message.receive_time);
    next_.next_sequence = record->sequence + 1;
    const Fields fields = fields_.make(record->message);
    std::size_t bytes = 0;
    for (FileSink& sink : exports_.sinks()) {
      sink.append(fields, record->sequence);
      bytes += sink.batch_bytes();
    }
    ++batch_records_;
    is_batch_full_ = bytes >= kBatchBytes;
  }
  return std::nullopt;
}

// The same records are read again, for other files.
void Writer::forget_batch() noexcept {
  if (batch_records_ == 0) return;
  for (FileSink& sink : exports_.sinks()) sink.forget_batch(next_.next_sequence);
  next_ = committed_;
  batch_records_ = 0;
}

void Writer::watch_clock(ReceiveTime time) noexcept {
  const auto back = clock_.advance(time);
  if (back.count() == 0) return;
  log::warning("the machine's clock was set back by {} s; records keep the order of their arrival",
               std::chrono::ceil<std::chrono::seconds>(back).count());
}

bool Writer::write_batch() noexcept {
  for (FileSink& sink : exports_.sinks()) {
    const std::uint64_t size_before = sink.body_size();
    bool is_intact = true;
    if (const std::error_code error = sink.write(is_intact)) {
      report(sink.path(), describe_write_error(error, kRotateInstead));
      return false;
    }
    if (!is_intact) {  // the batch goes into a new file, at once
      next_check_ = kNow;
      return false;
    }
    statistics_.written_bytes.add(sink.body_size() - size_before);
  }
  if (!is_device_tried_ && failing_.end()) log::info("exports can be written again");
  return true;
}

void Writer::report(const std::filesystem::path& path, const std::string& reason) noexcept {
  statistics_.write_errors.add();
  if (!failing_.is_due(std::chrono::steady_clock::now())) return;
  log::error(
      "{} cannot be written: {}; nothing is lost while the journal has room ({} bytes wait in it), trying "
      "again each second",
      path.string(), reason, journal_.pending_bytes());
}

void Writer::commit() noexcept {
  for (const FileSink& sink : exports_.sinks())
    next_.sinks[static_cast<std::size_t>(sink.format())] = sink.checkpoint();
  journal_.commit(next_);
  if (fsync_ == Fsync::no) journal_.release_space(next_.position);  // else when the exports are on the device
  written_records_ += batch_records_;
  statistics_.written.add(std::exchange(batch_records_, 0));
  committed_ = next_;
  syncer_.set_checkpoint(next_, written_records_);
}

}  // namespace mqtt_logger
