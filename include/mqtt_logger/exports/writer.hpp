#pragma once

#include "mqtt_logger/base/totals.hpp"
#include "mqtt_logger/exports/exports.hpp"
#include "mqtt_logger/exports/rotation.hpp"
#include "mqtt_logger/exports/syncer.hpp"
#include "mqtt_logger/format/fields.hpp"
#include "mqtt_logger/journal/journal.hpp"
#include "mqtt_logger/log/log_interval.hpp"
#include "mqtt_logger/options/options.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>

namespace mqtt_logger {

/// Takes records from the journal, appends them to every sink in large batches and stores a checkpoint. With
/// `--fsync no` it releases the journal's space as well; else that is the Syncer's part.
///
/// Threads: start() and stop() by the main thread; between them a thread of its own runs step().
///          Tests call step().
/// Errors:  a sink that cannot write is tried again each second, said at once and then every minute;
///          meanwhile nothing is released, so nothing is lost. The same when a sync of the exports fails:
///          they go back to the last checkpoint that is on the device, because nothing tells what of the rest
///          is, and a batch is tried with a sync of its own until one succeeds.
class Writer {
 public:
  /// What one step of the loop did.
  enum class StepResult : std::uint8_t { idle, wrote, blocked };

  Writer(Journal& journal, Exports& exports, Syncer& syncer, const Options& options, Statistics& statistics,
         std::chrono::milliseconds check_every = std::chrono::seconds{1});
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  void start();
  /// Writes all that is in the journal, and ends the thread; gives up at the first error. The callback thread
  /// must have ended.
  void stop() noexcept;

  /// Closes and opens the exports, as soon as what waits is written. Any thread.
  void open_again() noexcept;

  /// One step: read a batch, write it to every sink, commit. Once a second it looks whether the exports are
  /// still where they were.
  [[nodiscard]] StepResult step() noexcept;

 private:
  void run() noexcept;
  [[nodiscard]] bool check_exports() noexcept;
  [[nodiscard]] bool has_lost_files() noexcept;
  void check_journal() noexcept;
  [[nodiscard]] bool restore_journal() noexcept;
  [[nodiscard]] bool begin_new_files(ReceiveTime time) noexcept;
  [[nodiscard]] bool commit_to_device() noexcept;
  [[nodiscard]] bool sync_exports() noexcept;
  void go_back() noexcept;
  void finish() noexcept;
  /// Up to the record that begins new files; the time of that one if it is the first.
  [[nodiscard]] std::optional<ReceiveTime> read_batch();
  void forget_batch() noexcept;
  void watch_clock(ReceiveTime time) noexcept;
  [[nodiscard]] bool write_batch() noexcept;
  void report(const std::filesystem::path& path, const std::string& reason) noexcept;
  void commit() noexcept;

  Journal& journal_;
  Exports& exports_;
  Syncer& syncer_;
  Fsync fsync_;
  Statistics& statistics_;
  const std::chrono::milliseconds check_every_;  ///< whether the files are still there
  FieldsMaker fields_;
  ClockWatch clock_;

  Checkpoint next_;  // what the checkpoint will be once the batch is written
  std::uint64_t batch_records_ = 0;
  bool is_batch_full_ = false;
  LogInterval failing_;
  LogInterval unseen_;
  std::filesystem::path journal_path_;
  LogInterval journal_unseen_;
  LogInterval journal_lost_;
  LogInterval journal_cut_;
  bool are_files_new_ = false;    // and not known to be on the device
  bool is_device_tried_ = false;  // with one batch: exports were cut back, because a sync of them has failed

  Checkpoint committed_;
  std::uint64_t written_records_ = 0;  // of this run, up to there
  std::chrono::steady_clock::time_point next_check_;
  std::atomic<bool> is_open_again_wanted_{false};

  std::atomic<bool> is_stopping_{false};
  std::thread thread_;
};

}  // namespace mqtt_logger
