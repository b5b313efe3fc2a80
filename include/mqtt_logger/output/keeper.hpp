#pragma once

#include "mqtt_logger/options.hpp"
#include "mqtt_logger/output/exports.hpp"
#include "mqtt_logger/output/file_compressor.hpp"
#include "mqtt_logger/output/retention.hpp"
#include "mqtt_logger/platform/file.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <set>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

namespace mqtt_logger {

/// Looks after the finished files of a series: removes those that are not to be kept, and compresses the
/// others. Everything else in the folder is none of its business.
///
/// Threads: start() and stop() by the main thread; between them a thread of its own, of low priority, runs
///          keep() at once, after each turn, and each minute. Tests call keep().
///          stop() breaks a compression off, which the next start begins anew.
/// Errors:  a file that cannot be removed or compressed is said once, and tried again each time.
class Keeper {
 public:
  Keeper(FileSystem& files, const Options& options, Exports& exports);
  ~Keeper();
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;

  /// Starts no thread if there is nothing to look after.
  void start();
  void stop() noexcept;

  void keep(std::chrono::sys_seconds now) noexcept;

 private:
  void run() noexcept;
  /// Until there were more than so many turns; false once stop() was called.
  [[nodiscard]] bool wait_for_turn(std::uint64_t turns);
  [[nodiscard]] std::vector<SeriesTurn> find_turns();
  void remove_surplus(std::chrono::sys_seconds now);
  void remove(const Retention::Surplus& surplus);
  void remove_parts();
  /// Whether there was one, and it may go on.
  [[nodiscard]] bool compress_next(std::set<std::filesystem::path>& tried);
  [[nodiscard]] bool is_hardly_begun(const std::filesystem::path& path, Format format);
  [[nodiscard]] bool compress(FileNumber number, const std::filesystem::path& path);
  [[nodiscard]] bool report_once(const std::filesystem::path& path, const std::error_code& error,
                                 std::string_view what);

  FileSystem& files_;
  std::filesystem::path output_;
  std::filesystem::path folder_;
  std::vector<Column> columns_;
  Retention retention_;
  Exports& exports_;
  bool is_compressing_;
  FileCompressor compressor_;
  std::set<std::filesystem::path> reported_;

  std::mutex mutex_;  // for stop_wanted_
  std::condition_variable stop_wanted_;
  std::atomic<bool> is_stopping_{false};
  std::thread thread_;
};

}  // namespace mqtt_logger
