#pragma once

#include "mqtt_logger/exports/series_name.hpp"
#include "mqtt_logger/options/options.hpp"
#include "mqtt_logger/platform/file.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

namespace mqtt_logger {

/// A file of a series, as its folder shows it.
struct FoundFile {
  std::filesystem::path name;
  std::uint64_t bytes = 0;
  bool is_compressed = false;
  Format format = Format::csv;
  FileIdentity identity{};
};

/// The files of one number, of all formats, compressed or not: they were begun together, and go together.
struct FileGroup {
  FileNumber number = kSingleFile;
  std::vector<FoundFile> files;

  [[nodiscard]] std::uint64_t bytes() const noexcept;
};

/// What the logger knows of files that it has written itself, whatever the clock said meanwhile.
struct WrittenFiles {
  std::vector<FileNumber> numbers;                            ///< in this order
  std::chrono::seconds within = std::chrono::seconds::max();  ///< none of them is older
};

/// What `--keep`, `--keep-for` and `--keep-size` say about the files of a series. Pure.
///
/// A group ends where the next one is born: names alone tell how old it is, whatever copying or compressing
/// has done to the files' own times. A group whose name is behind that of the one that is written now tells
/// that the clock was set back since: such groups count as the oldest, so that what is finished now does not
/// go before them. What this process has written itself counts as the newest, in the order in which it did.
class Retention {
 public:
  struct Expired {
    FileGroup group;
    std::string_view option;  ///< that is to blame
  };

  explicit Retention(const Options& options) noexcept;

  [[nodiscard]] bool is_on() const noexcept;
  /// What is to be removed of `groups` (sorted by number), oldest first; never one of `in_use`, though these
  /// count.
  [[nodiscard]] std::vector<Expired> find_expired(std::span<const FileGroup> groups,
                                                  std::span<const FileNumber> in_use,
                                                  std::chrono::sys_seconds now,
                                                  const WrittenFiles& written = {}) const;

 private:
  std::uint64_t keep_groups_;
  std::chrono::seconds keep_for_;
  std::uint64_t keep_bytes_;
};

}  // namespace mqtt_logger
