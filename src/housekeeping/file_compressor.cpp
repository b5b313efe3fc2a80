#include "mqtt_logger/housekeeping/file_compressor.hpp"

#include "mqtt_logger/exports/series_name.hpp"
#include "mqtt_logger/platform/crash_point.hpp"

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace mqtt_logger {
namespace {

constexpr std::uint64_t kLeaveBytes = std::uint64_t{1024} * 1024;
constexpr std::size_t kComparedBytes = 256;

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
  if (!error_) error_ = folder_sync_.sync(files_, folder_of(original));
  if (!error_) error_ = remove_original();
  if (!error_) crash_point("compressed-alone");
  // A file system without a journal may give the blocks of the original to other files before its name is
  // gone from the device: a power failure in between would leave it there, with their bytes.
  if (!error_) static_cast<void>(folder_sync_.sync(files_, folder_of(original)));
  if (error_ == std::errc::operation_canceled) return Result::canceled;
  return error_ ? Result::failed : Result::done;
}

std::error_code FileCompressor::make(const std::filesystem::path& original) {
  const std::filesystem::path part = part_path(original);
  if (const std::error_code error = remove_part(original)) return error;
  std::error_code error = write_part(original, part);
  if (error == std::errc::file_exists) return error;  // not made by us
  if (!error) error = files_.set_aside(part, compressed_path(original));
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
  std::unique_ptr<File> compressed;
  if (const std::error_code error = files_.create(part, compressed)) return error;
  crash_point("part-made");
  // Before there is something in it: not everybody may read it.
  if (const std::error_code error = files_.copy_attributes(original, part)) return error;
  std::error_code no_room;
  const MayGoOn may_go_on = [this, &part, &no_room] {
    no_room = check_room(part);
    return !no_room && may_go_on_();
  };
  if (const std::error_code error = compress(*plain, *compressed, may_go_on))
    return no_room ? no_room : error;
  crash_point("part-written");
  if (const std::error_code error = files_.copy_attributes(original, part))
    return error;  // writing took time
  return compressed->sync();
}

// What we write begins as the original does, once it is decompressed, unless it is still empty, or a power
// failure took its first page. Of a long text no more is compared than a first page certainly holds.
std::error_code FileCompressor::remove_part(const std::filesystem::path& original) {
  const std::filesystem::path part = part_path(original);
  std::unique_ptr<File> compressed;
  std::error_code error = files_.open(part, compressed);
  if (is_missing(error)) return {};
  if (error) return error;
  constexpr std::string_view kMagic = "\x1F\x8B\x08";
  std::array<char, kMagic.size()> bytes{};
  std::size_t count = 0;
  if ((error = compressed->read_at(0, bytes, count))) return error;
  const std::string_view begin{bytes.data(), count};
  bool is_ours = kMagic.starts_with(begin) || begin.find_first_not_of('\0') == std::string_view::npos;
  if (begin == kMagic) {
    std::unique_ptr<File> plain;
    error = files_.open(original, plain);
    if (is_missing(error)) return {};  // nothing tells whose it is
    if (error) return error;
    std::string found;
    std::string expected(kComparedBytes, '\0');
    if ((error = decompress_beginning(*compressed, kComparedBytes, found))) return error;
    if ((error = plain->read_at(0, expected, count))) return error;
    is_ours = std::string_view{expected}.substr(0, count).starts_with(found);
  }
  return is_ours ? files_.remove(part) : std::make_error_code(std::errc::file_exists);
}

// The exports need it more.
std::error_code FileCompressor::check_room(const std::filesystem::path& part) {
  std::uint64_t bytes = 0;
  if (const std::error_code error = files_.free_space(folder_of(part), bytes)) return error;
  return bytes < kLeaveBytes ? std::make_error_code(std::errc::no_space_on_device) : std::error_code{};
}

std::error_code FileCompressor::check(const std::filesystem::path& original, bool& is_same) {
  std::unique_ptr<File> plain;
  std::unique_ptr<File> compressed;
  if (const std::error_code error = files_.open(original, plain)) return error;
  if (const std::error_code error = files_.open(compressed_path(original), compressed)) return error;
  if (const std::error_code error = compare(*plain, *compressed, may_go_on_, is_same)) return error;
  return is_same ? compressed->sync() : std::error_code{};  // it may be of an earlier run, or somebody's
}

}  // namespace mqtt_logger
