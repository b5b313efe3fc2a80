#include "mqtt_logger/output/writer.hpp"

#include "mqtt_logger/format/fields.hpp"
#include "mqtt_logger/journal/crash_point.hpp"
#include "mqtt_logger/log.hpp"

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
constexpr auto kSleep = 1h;
constexpr auto kRetryEvery = 1s;
constexpr auto kReportEvery = 60s;

}  // namespace

Writer::Writer(Journal& journal, std::vector<FileSink>& sinks, Fsync fsync, Statistics& statistics)
    : journal_{journal},
      sinks_{sinks},
      fsync_{fsync},
      statistics_{statistics},
      next_{journal.checkpoint()},
      checkpoint_{journal.checkpoint()} {}

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

Writer::Turn Writer::step() noexcept {
  if (batch_records_ == 0) read_batch();
  if (batch_records_ == 0) return Turn::idle;
  crash_point("batch-read");
  if (!write_batch()) return Turn::blocked;
  crash_point("batch-written");
  commit();
  return Turn::wrote;
}

Checkpoint Writer::checkpoint() const noexcept {
  const std::lock_guard lock{checkpoint_mutex_};
  return checkpoint_;
}

void Writer::run() noexcept {
  int idle_rounds = 0;
  for (;;) {
    const bool is_stopping =
        is_stopping_.load(std::memory_order_acquire);  // before step(): all is there to be read
    const Turn turn = step();
    if (is_stopping && turn != Turn::wrote) return;
    if (turn == Turn::wrote && is_batch_full_) continue;  // more is waiting
    idle_rounds = turn == Turn::idle ? idle_rounds + 1 : 0;
    if (turn == Turn::blocked) {
      std::this_thread::sleep_for(kRetryEvery);
    } else if (idle_rounds > kIdleRoundsBeforeSleep) {
      journal_.wait_for_records(next_.position, kSleep);
    } else {
      std::this_thread::sleep_for(kPause);
    }
  }
}

void Writer::read_batch() {
  is_batch_full_ = false;
  while (!is_batch_full_) {
    const auto record = journal_.read(next_.position);
    if (!record) return;
    next_.next_sequence = record->sequence + 1;
    const Fields fields = make_fields(record->message, timestamps_);
    std::size_t bytes = 0;
    for (FileSink& sink : sinks_) {
      sink.append(fields, record->sequence);
      bytes += sink.batch_bytes();
    }
    ++batch_records_;
    is_batch_full_ = bytes >= kBatchBytes;
  }
}

bool Writer::write_batch() noexcept {
  for (FileSink& sink : sinks_) {
    if (const std::error_code error = sink.write()) {
      report(sink, error);
      return false;
    }
  }
  if (std::exchange(is_failing_, false)) log::info("exports can be written again");
  return true;
}

void Writer::report(const FileSink& sink, const std::error_code& error) noexcept {
  statistics_.write_errors.add();
  const auto now = std::chrono::steady_clock::now();
  if (is_failing_ && now < next_report_) return;
  is_failing_ = true;
  next_report_ = now + kReportEvery;
  log::error(
      "{} cannot be written: {}; nothing is lost while the journal has room ({} bytes wait in it), trying "
      "again each "
      "second",
      sink.path().string(), error.message(), journal_.pending_bytes());
}

void Writer::commit() noexcept {
  for (const FileSink& sink : sinks_)
    next_.sinks[static_cast<std::size_t>(sink.format())] = sink.checkpoint();
  journal_.commit(next_);
  if (fsync_ == Fsync::no) journal_.release_space(next_.position);  // else when the exports are on the device
  statistics_.written.add(std::exchange(batch_records_, 0));
  const std::lock_guard lock{checkpoint_mutex_};
  checkpoint_ = next_;
}

}  // namespace mqtt_logger
