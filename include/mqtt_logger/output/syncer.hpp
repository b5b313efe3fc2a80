#pragma once

#include "mqtt_logger/journal/journal.hpp"
#include "mqtt_logger/output/exports.hpp"

#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

namespace mqtt_logger {

/// Brings exports and journal to the device each second, or when the journal is full, beside the writer and
/// the callback, and releases the journal's space: a record leaves the journal when it is in exports that are
/// on the device.
///
/// Threads: start() and stop() by the main thread; between them a thread of its own runs sync(). The writer
///          calls it as well, before it writes to files that are new. Tests do.
/// Errors:  in the log, once until it works again; tried again each second. Meanwhile space is released all
/// the
///          same: a device that fails must not stop the logger.
class Syncer {
 public:
  Syncer(Journal& journal, Exports& exports, std::chrono::milliseconds every = std::chrono::seconds{1});
  ~Syncer();
  Syncer(const Syncer&) = delete;
  Syncer& operator=(const Syncer&) = delete;

  void start();
  /// Ends the thread, and syncs a last time, also if there was no thread. The writer must have ended.
  void stop() noexcept;

  /// What the writer has committed. Any thread.
  void set_checkpoint(const Checkpoint& checkpoint) noexcept;
  [[nodiscard]] Checkpoint checkpoint() const noexcept;
  /// Exports, then journal, then the checkpoint that names them: what a checkpoint on the device says is on
  /// the device.
  [[nodiscard]] std::error_code sync() noexcept;

 private:
  void run() noexcept;
  void join() noexcept;
  [[nodiscard]] std::error_code sync_all(const Checkpoint& checkpoint) noexcept;

  Journal& journal_;
  Exports& exports_;
  const std::chrono::milliseconds every_;

  mutable std::mutex checkpoint_mutex_;  // taken once a batch, and once a sync
  Checkpoint checkpoint_;

  std::mutex sync_mutex_;  // over what follows: a sync is one at a time
  std::optional<Checkpoint> synced_;
  Position synced_head_ = 0;
  bool is_failing_ = false;

  std::atomic<bool> is_stopping_{false};
  std::thread thread_;
};

}  // namespace mqtt_logger
