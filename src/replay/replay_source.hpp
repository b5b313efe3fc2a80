#pragma once

#include "mqtt_logger/options/options.hpp"
#include "mqtt_logger/recording/series.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace mqtt_logger {

/// One recording: the CSV where there is one, because it has the payloads' bytes, with the properties from
/// the JSON export of the same base, which has no others.
class Recording {
 public:
  Recording(std::vector<Series> all, const OnFileFault& on_fault);

  [[nodiscard]] bool next(RecordedMessage& record);
  [[nodiscard]] const SeriesReader& reader() const noexcept { return *main_; }

 private:
  void add_properties(RecordedMessage& record);

  std::unique_ptr<SeriesReader> main_;
  std::unique_ptr<SeriesReader> companion_;
  RecordedMessage candidate_;  ///< of the companion
  bool has_candidate_ = false;
};

/// The records to replay: all recordings, one behind the other, between `--from` and `--to`, whose topics
/// match `--filter`; with `--loop` without an end.
///
/// Threads: one owner.
class ReplaySource {
 public:
  /// Throws StartupError for a path at which there is nothing.
  ReplaySource(const Options& options, OnFileFault on_fault);

  /// The next record, valid until the next call; nullptr at the end.
  [[nodiscard]] const RecordedMessage* next();
  /// Where the last record stands.
  [[nodiscard]] const std::filesystem::path& file() const noexcept { return recording_->reader().file(); }
  [[nodiscard]] std::uint64_t position() const noexcept;
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  [[nodiscard]] std::uint64_t rounds() const noexcept { return rounds_; }  ///< that are over

 private:
  [[nodiscard]] bool is_wanted(const RecordedMessage& record) const;

  const Options& options_;
  OnFileFault on_fault_;
  std::vector<std::vector<Series>> found_;
  std::size_t next_recording_ = 0;
  std::unique_ptr<Recording> recording_;
  RecordedMessage record_;
  std::uint64_t position_ = 0;
  std::uint64_t size_ = 0;
  std::uint64_t rounds_ = 0;
  bool has_found_any_ = false;  ///< in this round
};

}  // namespace mqtt_logger
