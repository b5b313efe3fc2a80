#pragma once

#include "mqtt_logger/exports/exports.hpp"
#include "mqtt_logger/housekeeping/clock_trust.hpp"
#include "mqtt_logger/housekeeping/file_compressor.hpp"
#include "mqtt_logger/housekeeping/retention.hpp"
#include "mqtt_logger/options/options.hpp"
#include "mqtt_logger/platform/file.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace mqtt_logger {

/// Looks after the finished files of a series: removes those that are not to be kept, and compresses the
/// others. Everything else in the folder is none of its business: neither what has another name nor what has
/// one of these names and something else in it.
///
/// Threads: start() and stop() by the main thread; between them a thread of its own, of low priority, runs
///          keep() at once, after each group, and each minute. Tests call keep().
///          stop() breaks a compression off, which the next start starts over.
///          Where the clock may be wrong (ClockTrust) nothing is removed, and a warning says so.
/// Errors:  a file that cannot be removed or compressed is said once, and tried again each time.
class Housekeeper {
 public:
  /// `last_contact`: the latest time that the journal knows.
  Housekeeper(FileSystem& files, const Options& options, Exports& exports,
              std::optional<ReceiveTime> last_contact = std::nullopt);
  ~Housekeeper();
  Housekeeper(const Housekeeper&) = delete;
  Housekeeper& operator=(const Housekeeper&) = delete;

  /// Starts no thread if there is nothing to look after.
  void start();
  void stop() noexcept;

  /// Removes nothing unless the clock is believed: names, and what is old, go by it.
  void keep(std::chrono::sys_seconds now, bool is_clock_believed = true) noexcept;

 private:
  void run() noexcept;
  /// Until there were more than so many groups; false once stop() was called.
  [[nodiscard]] bool wait_for_rotation(std::uint64_t rotations);
  [[nodiscard]] std::vector<FileGroup> find_groups();
  [[nodiscard]] std::optional<ReceiveTime> find_latest_time(std::optional<ReceiveTime> last_contact);
  [[nodiscard]] std::vector<std::filesystem::path> list_folder();
  [[nodiscard]] bool is_ours(const FileGroup& group);
  [[nodiscard]] std::error_code read(const std::filesystem::path& path, bool is_compressed,
                                     std::string& text);
  void remove_expired(std::chrono::sys_seconds now);
  void note_written(const std::vector<FileGroup>& groups, const std::vector<FileNumber>& in_use);
  void report_untrusted_clock(std::string_view option);
  void remove(const Retention::Expired& expired);
  void remove_parts();
  /// Whether there was one, and it may go on.
  [[nodiscard]] bool compress_next(std::set<std::filesystem::path>& tried);
  [[nodiscard]] std::error_code check_begun(const std::filesystem::path& path, Format format, bool& is_begun);
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
  std::map<FileNumber, std::vector<FileIdentity>> known_;  // to be ours
  std::set<std::pair<std::filesystem::path, std::string_view>> reported_;
  std::set<FileNumber> found_;  // by now
  WrittenFiles written_;
  ClockTrust clock_trust_;
  bool is_clock_believed_ = true;
  bool is_untrusted_clock_reported_ = false;
  std::chrono::microseconds started_ = read_clock().since_start;

  std::mutex mutex_;  // for stop_wanted_
  std::condition_variable stop_wanted_;
  std::atomic<bool> is_stopping_{false};
  std::thread thread_;
};

}  // namespace mqtt_logger
