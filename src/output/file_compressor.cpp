#include "mqtt_logger/output/file_compressor.hpp"

#include "mqtt_logger/journal/crash_point.hpp"
#include "mqtt_logger/output/series_name.hpp"

#include <memory>
#include <utility>

namespace mqtt_logger {
namespace {

constexpr std::uint64_t kLeaveBytes = std::uint64_t{1024} * 1024;

}  // namespace

FileCompressor::FileCompressor(FileSystem& files, MayGoOn may_go_on)
    : files_{files}, may_go_on_{std::move(may_go_on)} {}

FileCompressor::Result FileCompressor::replace(const std::filesystem::path& original,
                                               const std::function<std::error_code()>& remove_original) {
  FileStatus found;
  bool is_same = false;
  error_ = files_.look_up(compressed_path(original), found);
  if (is_missing(error_)) error_ = make(original);
  if (!error_) error_ = check(original, is_same);
  if (!error_ && !is_same) return Result::in_the_way;
  if (!error_) error_ = files_.sync_folder(folder_of(original));
  if (!error_) error_ = remove_original();
  if (!error_) crash_point("compressed-alone");
  if (error_ == std::errc::operation_canceled) return Result::canceled;
  return error_ ? Result::failed : Result::done;
}

std::error_code FileCompressor::make(const std::filesystem::path& original) {
  const std::filesystem::path part = part_path(original);
  std::error_code error = write_part(original, part);
  if (!error) error = files_.move_aside(part, compressed_path(original));
  if (error) {
    static_cast<void>(files_.remove(part));
    return error;
  }
  crash_point("compressed-named");
  return {};
}

std::error_code FileCompressor::write_part(const std::filesystem::path& original,
                                           const std::filesystem::path& part) {
  std::unique_ptr<File> plain;
  if (const std::error_code error = files_.open(original, plain)) return error;
  if (const std::error_code error = files_.remove(part); error && !is_missing(error)) return error;
  std::unique_ptr<File> compressed;
  if (const std::error_code error = files_.create(part, compressed)) return error;
  crash_point("part-made");
  std::error_code no_room;
  const MayGoOn may_go_on = [this, &part, &no_room] {
    if (!has_room(part)) no_room = std::make_error_code(std::errc::no_space_on_device);
    return !no_room && may_go_on_();
  };
  if (const std::error_code error = compress(*plain, *compressed, may_go_on))
    return no_room ? no_room : error;
  crash_point("part-written");
  return compressed->sync();
}

// The exports need it more.
bool FileCompressor::has_room(const std::filesystem::path& part) {
  std::uint64_t bytes = 0;
  return files_.free_space(folder_of(part), bytes) || bytes >= kLeaveBytes;
}

std::error_code FileCompressor::check(const std::filesystem::path& original, bool& is_same) {
  std::unique_ptr<File> plain;
  std::unique_ptr<File> compressed;
  if (const std::error_code error = files_.open(original, plain)) return error;
  if (const std::error_code error = files_.open(compressed_path(original), compressed)) return error;
  return compare(*plain, *compressed, may_go_on_, is_same);
}

}  // namespace mqtt_logger
