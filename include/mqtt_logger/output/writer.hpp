#pragma once

#include "mqtt_logger/format/timestamp.hpp"
#include "mqtt_logger/journal/journal.hpp"
#include "mqtt_logger/options.hpp"
#include "mqtt_logger/output/file_sink.hpp"
#include "mqtt_logger/statistics.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace mqtt_logger {

/// Takes records from the journal, appends them to every sink in large batches and stores a checkpoint. With
/// `--fsync no` it releases the journal's space as well; else that is the Syncer's part.
///
/// Threads: start() and stop() by the main thread; between them a thread of its own runs step(). Tests call
/// step(). Errors:  a sink that cannot write is tried again each second, said at once and then every minute;
/// meanwhile nothing is
///          released, so nothing is lost.
class Writer {
 public:
  /// What a turn of the loop did.
  enum class Turn : std::uint8_t { idle, wrote, blocked };

  Writer(Journal& journal, std::vector<FileSink>& sinks, Fsync fsync, Statistics& statistics);
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  void start();
  /// Writes all that is in the journal, and ends the thread; gives up at the first error. The callback thread
  /// must have ended.
  void stop() noexcept;

  /// One turn: read a batch, write it to every sink, commit.
  [[nodiscard]] Turn step() noexcept;

  /// The last checkpoint. Any thread.
  [[nodiscard]] Checkpoint checkpoint() const noexcept;

 private:
  void run() noexcept;
  void read_batch();
  [[nodiscard]] bool write_batch() noexcept;
  void report(const FileSink& sink, const std::error_code& error) noexcept;
  void commit() noexcept;

  Journal& journal_;
  std::vector<FileSink>& sinks_;
  Fsync fsync_;
  Statistics& statistics_;
  TimestampFormatter timestamps_;

  Checkpoint next_;  // what the checkpoint will be once the batch is written
  std::uint64_t batch_records_ = 0;
  bool is_batch_full_ = false;
  std::chrono::steady_clock::time_point next_report_{};
  bool is_failing_ = false;

  mutable std::mutex checkpoint_mutex_;  // taken once a batch, and by the sync thread once a second
  Checkpoint checkpoint_;

  std::atomic<bool> is_stopping_{false};
  std::thread thread_;
};

}  // namespace mqtt_logger
