#include "byte_source.hpp"

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <limits>
#include <system_error>
#include <vector>

namespace mqtt_logger {
namespace {

std::string describe_last_error() {
  return std::generic_category().message(errno == 0 ? EIO : errno);
}

class PlainSource final : public ByteSource {
 public:
  explicit PlainSource(const std::filesystem::path& path) {
    errno = 0;
    // Without a buffer of its own: the reader's blocks are large.
    file_.rdbuf()->pubsetbuf(nullptr, 0);
    file_.open(path, std::ios::binary);
    if (!file_) throw ReadError{describe_last_error()};
  }

  std::size_t read(std::span<char> buffer) override {
    errno = 0;
    file_.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    if (file_.bad()) throw ReadError{describe_last_error()};
    const auto count = static_cast<std::size_t>(file_.gcount());
    position_ += count;
    return count;
  }

  std::uint64_t position() const noexcept override { return position_; }

 private:
  std::ifstream file_;
  std::uint64_t position_ = 0;
};

/// One gzip member behind the other, as `cat a.gz b.gz` makes them.
class GzipSource final : public ByteSource {
 public:
  explicit GzipSource(const std::filesystem::path& path) : plain_{path}, input_(kInputBytes) {
    constexpr int kGzipOnly = 16;
    if (inflateInit2(&stream_, kGzipOnly + MAX_WBITS) != Z_OK) throw std::bad_alloc{};
  }
  ~GzipSource() override { inflateEnd(&stream_); }
  GzipSource(const GzipSource&) = delete;
  GzipSource& operator=(const GzipSource&) = delete;

  std::size_t read(std::span<char> buffer) override {
    std::size_t count = 0;
    while (count < buffer.size()) {
      if (stream_.avail_in == 0 && !refill()) {
        if (is_within_member_) throw ReadError{"the compressed data end in the middle"};
        break;
      }
      if (!is_within_member_) inflateReset(&stream_);
      is_within_member_ = true;
      const std::size_t room = std::min<std::size_t>(buffer.size() - count, std::numeric_limits<uInt>::max());
      stream_.next_out = reinterpret_cast<Bytef*>(buffer.data() + count);
      stream_.avail_out = static_cast<uInt>(room);
      const int result = inflate(&stream_, Z_NO_FLUSH);
      count += room - stream_.avail_out;
      if (result == Z_STREAM_END) {
        is_within_member_ = false;
      } else if (result != Z_OK && result != Z_BUF_ERROR) {
        throw ReadError{"the compressed data are damaged"};
      }
    }
    return count;
  }

  std::uint64_t position() const noexcept override { return plain_.position() - stream_.avail_in; }

 private:
  static constexpr std::size_t kInputBytes = std::size_t{64} * 1024;

  bool refill() {
    const std::size_t count = plain_.read(input_);
    stream_.next_in = reinterpret_cast<Bytef*>(input_.data());
    stream_.avail_in = static_cast<uInt>(count);
    return count > 0;
  }

  PlainSource plain_;
  std::vector<char> input_;
  z_stream stream_{};
  bool is_within_member_ = false;
};

}  // namespace

std::unique_ptr<ByteSource> open_byte_source(const std::filesystem::path& path) {
  if (path.extension() == ".gz") return std::make_unique<GzipSource>(path);
  return std::make_unique<PlainSource>(path);
}

}  // namespace mqtt_logger
