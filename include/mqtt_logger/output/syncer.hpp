#pragma once

#include "mqtt_logger/journal/journal.hpp"
#include "mqtt_logger/output/file_sink.hpp"
#include "mqtt_logger/output/writer.hpp"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace mqtt_logger {

/// Brings exports and journal to the device each second (`--fsync everysec`), beside the writer and the
/// callback, which never wait for it.
///
/// Threads: start() and stop() by the main thread; between them a thread of its own runs sync(). Tests call
/// sync(). Errors:  in the log, once until it works again; tried again each second.
class Syncer {
 public:
  Syncer(Journal& journal, std::vector<FileSink>& sinks, const Writer& writer);
  ~Syncer();
  Syncer(const Syncer&) = delete;
  Syncer& operator=(const Syncer&) = delete;

  void start();
  void stop() noexcept;

  /// Exports, then journal, then the checkpoint that names them: what a checkpoint on the device says is on
  /// the device.
  void sync() noexcept;

 private:
  void run() noexcept;
  [[nodiscard]] std::error_code sync_all(const Checkpoint& checkpoint) noexcept;

  Journal& journal_;
  std::vector<FileSink>& sinks_;
  const Writer& writer_;
  std::optional<Checkpoint> synced_;
  Position synced_head_ = 0;
  bool is_failing_ = false;

  std::mutex mutex_;
  std::condition_variable stopping_;
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace mqtt_logger
