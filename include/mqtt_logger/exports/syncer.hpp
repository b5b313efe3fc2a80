#pragma once

#include "mqtt_logger/exports/exports.hpp"
#include "mqtt_logger/journal/journal.hpp"
#include "mqtt_logger/log/log_interval.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

namespace mqtt_logger {

/// Brings exports and journal to the device each second, or when the journal is full, beside the writer and
/// the callback, and releases the journal's space: a record leaves the journal when it is in exports that are
/// on the device.
///
/// Threads: start() and stop() by the main thread; between them a thread of its own runs sync(). The writer
///          calls it as well, before it writes to files that are new, and calls go_back(). Tests do.
/// Errors:  in the log, at once and then every minute until it works again; tried again each second.
///          Meanwhile no space is released. When a sync of the exports has failed, the system takes for clean
///          what is not on the device, and a later sync would succeed without it: none is tried before the
///          writer has gone back to the last checkpoint that is there.
class Syncer {
 public:
  /// A checkpoint, and how many records of this run were written by then.
  using Written = std::pair<Checkpoint, std::uint64_t>;

  Syncer(Journal& journal, Exports& exports, std::chrono::milliseconds every = std::chrono::seconds{1});
  ~Syncer();
  Syncer(const Syncer&) = delete;
  Syncer& operator=(const Syncer&) = delete;

  void start();
  /// Ends the thread, and syncs a last time, also if there was no thread. The writer must have ended.
  [[nodiscard]] std::error_code stop() noexcept;

  /// What the writer has committed, and how many records it has written by then. Any thread.
  void set_checkpoint(const Checkpoint& checkpoint, std::uint64_t records) noexcept;
  [[nodiscard]] Checkpoint checkpoint() const noexcept;
  /// Exports, then journal, then the checkpoint that names them: what a checkpoint on the device says is on
  /// the device.
  [[nodiscard]] std::error_code sync() noexcept;

  /// Whether the writer must go back, because a sync of the exports has failed. Any thread.
  [[nodiscard]] bool is_unconfirmed() const noexcept {
    return is_unconfirmed_.load(std::memory_order_acquire);
  }
  /// The last checkpoint that is on the device, which is the current one from now on, and syncs are tried
  /// again. Nothing if there is no way back: with `--fsync no` the journal does not keep what came since.
  [[nodiscard]] std::optional<Written> go_back() noexcept;

 private:
  void run() noexcept;
  [[nodiscard]] bool sync_beside_writer() noexcept;
  void join() noexcept;
  void wait_after(bool has_failed) noexcept;
  [[nodiscard]] bool has_kept() const noexcept;
  void report(const std::error_code& error) noexcept;
  [[nodiscard]] std::error_code sync_all(const Written& written) noexcept;
  [[nodiscard]] std::error_code sync_exports() noexcept;

  Journal& journal_;
  Exports& exports_;
  const std::chrono::milliseconds every_;

  mutable std::mutex checkpoint_mutex_;  // taken once a batch, and once a sync
  Written written_;

  std::mutex sync_mutex_;  // over what follows: a sync is one at a time
  Written synced_;
  bool is_sync_needed_ = true;      // whatever has been written since
  bool is_left_to_writer_ = false;  // from a failure to the sync that the writer asks for, and that succeeds
  Position synced_head_ = 0;
  std::error_code exports_error_;  // while they are unconfirmed
  LogInterval failing_;

  std::atomic<bool> is_unconfirmed_{false};

  std::atomic<bool> is_stopping_{false};
  std::thread thread_;
};

}  // namespace mqtt_logger
