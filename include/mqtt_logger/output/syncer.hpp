#pragma once

#include "mqtt_logger/journal/journal.hpp"
#include "mqtt_logger/output/file_sink.hpp"
#include "mqtt_logger/output/writer.hpp"

#include <atomic>
#include <optional>
#include <thread>
#include <vector>

namespace mqtt_logger {

/// Brings exports and journal to the device each second, or when the journal is full, beside the writer and
/// the callback, and releases the journal's space: a record leaves the journal when it is in exports that are
/// on the device.
///
/// Threads: start() and stop() by the main thread; between them a thread of its own runs sync(). Tests call
///          sync().
/// Errors:  in the log, once until it works again; tried again each second. Meanwhile space is released all
/// the
///          same: a device that fails must not stop the logger.
class Syncer {
 public:
  Syncer(Journal& journal, std::vector<FileSink>& sinks, const Writer& writer);
  ~Syncer();
  Syncer(const Syncer&) = delete;
  Syncer& operator=(const Syncer&) = delete;

  void start();
  /// Ends the thread, and syncs a last time, also if there was no thread. The writer must have ended.
  void stop() noexcept;

  /// Exports, then journal, then the checkpoint that names them: what a checkpoint on the device says is on
  /// the device.
  void sync() noexcept;

 private:
  void run() noexcept;
  void join() noexcept;
  [[nodiscard]] std::error_code sync_all(const Checkpoint& checkpoint) noexcept;

  Journal& journal_;
  std::vector<FileSink>& sinks_;
  const Writer& writer_;
  std::optional<Checkpoint> synced_;
  Position synced_head_ = 0;
  bool is_failing_ = false;

  std::atomic<bool> is_stopping_{false};
  std::thread thread_;
};

}  // namespace mqtt_logger
