#pragma once

#include "mqtt_logger/exports/gzip.hpp"
#include "mqtt_logger/platform/file.hpp"
#include "mqtt_logger/platform/folder_sync.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>

namespace mqtt_logger {

/// Puts compressed files in the place of finished ones, so that at every moment a whole one is there:
///
///     x.csv   x.csv, x.csv.gz.part   x.csv, x.csv.gz   x.csv.gz
///
/// The part is on the device before it gets its name, and the original goes only when the named file, read
/// back, holds the same. What a crash leaves is one of these states, and is taken on from there; a part is
/// started again.
///
/// Threads: one owner.
/// Errors:  a file that cannot be compressed stays as it is, without a part beside it.
class FileCompressor {
 public:
  enum class Result : std::uint8_t {
    done,
    canceled,    ///< it may not go on
    in_the_way,  ///< a file of that name holds something else; both stay
    failed,
  };

  /// `may_go_on` is asked every few milliseconds.
  FileCompressor(FileSystem& files, MayGoOn may_go_on);

  /// `remove_original` is called when the original is to go; the error it returns is that of the removal.
  [[nodiscard]] Result replace(const std::filesystem::path& original,
                               const std::function<std::error_code()>& remove_original);
  /// Removes the part of this original that a crash has left, if it is one. `std::errc::file_exists` if it is
  /// something else.
  [[nodiscard]] std::error_code remove_part(const std::filesystem::path& original);
  /// Why the last call failed.
  [[nodiscard]] const std::error_code& error() const noexcept { return error_; }

 private:
  [[nodiscard]] std::error_code make(const std::filesystem::path& original);
  [[nodiscard]] std::error_code write_part(const std::filesystem::path& original,
                                           const std::filesystem::path& part);
  [[nodiscard]] std::error_code check_room(const std::filesystem::path& part);
  [[nodiscard]] std::error_code check(const std::filesystem::path& original, bool& is_same);

  FileSystem& files_;
  MayGoOn may_go_on_;
  FolderSync folder_sync_{true};  // what a run before has failed for is not known
  std::error_code error_;
};

}  // namespace mqtt_logger
