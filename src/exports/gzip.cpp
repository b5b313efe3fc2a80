#include "mqtt_logger/exports/gzip.hpp"

#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <new>
#include <span>
#include <string_view>
#include <vector>

namespace mqtt_logger {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{256} * 1024;
constexpr int kGzip = 16;  // added to the window's bits: gzip's header and trailer

std::error_code canceled() noexcept {
  return std::make_error_code(std::errc::operation_canceled);
}

/// A file from front to back, piece by piece.
class FilePieces {
 public:
  FilePieces(File& file, const MayGoOn& may_go_on)
      : file_{file}, may_go_on_{may_go_on}, buffer_(kPieceBytes) {}

  /// Empty at the end.
  [[nodiscard]] std::error_code next(std::span<char>& piece) {
    if (!may_go_on_()) return canceled();
    std::size_t count = 0;
    const std::error_code error = file_.read_at(position_, buffer_, count);
    position_ += count;
    piece = std::span{buffer_}.first(count);
    return error;
  }

 private:
  File& file_;
  const MayGoOn& may_go_on_;
  std::vector<char> buffer_;
  std::uint64_t position_ = 0;
};

void set_input(z_stream& stream, std::span<char> piece) noexcept {
  stream.next_in = reinterpret_cast<Bytef*>(piece.data());
  stream.avail_in = static_cast<uInt>(piece.size());
}

void set_output(z_stream& stream, std::span<char> room) noexcept {
  stream.next_out = reinterpret_cast<Bytef*>(room.data());
  stream.avail_out = static_cast<uInt>(room.size());
}

struct Deflating {
  Deflating() {
    constexpr int kMemoryLevel = 8;  // zlib's own
    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + kGzip, kMemoryLevel,
                     Z_DEFAULT_STRATEGY) != Z_OK)
      throw std::bad_alloc{};
  }
  ~Deflating() { deflateEnd(&stream); }
  Deflating(const Deflating&) = delete;
  Deflating& operator=(const Deflating&) = delete;

  z_stream stream{};
};

struct Inflating {
  Inflating() {
    if (inflateInit2(&stream, MAX_WBITS + kGzip) != Z_OK) throw std::bad_alloc{};
  }
  ~Inflating() { inflateEnd(&stream); }
  Inflating(const Inflating&) = delete;
  Inflating& operator=(const Inflating&) = delete;

  z_stream stream{};
};

}  // namespace

std::error_code compress(File& plain, File& compressed, const MayGoOn& may_go_on) {
  Deflating deflating;
  FilePieces pieces{plain, may_go_on};
  std::vector<char> room(kPieceBytes);
  std::uint64_t position = 0;
  for (bool is_end = false; !is_end;) {
    std::span<char> piece;
    if (const std::error_code error = pieces.next(piece)) return error;
    is_end = piece.empty();
    set_input(deflating.stream, piece);
    do {
      set_output(deflating.stream, room);
      deflate(&deflating.stream, is_end ? Z_FINISH : Z_NO_FLUSH);
      const std::size_t count = room.size() - deflating.stream.avail_out;
      if (count == 0) break;
      if (const std::error_code error = compressed.write_at(position, {room.data(), count})) return error;
      position += count;
    } while (deflating.stream.avail_out == 0);
  }
  return {};
}

std::error_code decompress_beginning(File& compressed, std::size_t bytes, std::string& text) {
  const MayGoOn always = [] { return true; };
  Inflating inflating;
  FilePieces pieces{compressed, always};
  text.assign(bytes, '\0');
  set_output(inflating.stream, text);
  for (int result = Z_OK; result == Z_OK && inflating.stream.avail_out != 0;) {
    std::span<char> piece;
    if (const std::error_code error = pieces.next(piece)) return error;
    if (piece.empty()) break;
    set_input(inflating.stream, piece);
    result = inflate(&inflating.stream, Z_NO_FLUSH);
  }
  text.resize(bytes - inflating.stream.avail_out);
  return {};
}

std::error_code compare(File& plain, File& compressed, const MayGoOn& may_go_on, bool& is_same) {
  is_same = false;
  Inflating inflating;
  FilePieces pieces{compressed, may_go_on};
  std::vector<char> room(kPieceBytes);
  std::vector<char> expected(kPieceBytes);
  std::uint64_t position = 0;
  int result = Z_OK;
  while (result != Z_STREAM_END) {
    std::span<char> piece;
    if (inflating.stream.avail_in == 0) {
      if (const std::error_code error = pieces.next(piece)) return error;
      if (piece.empty()) return {};  // ends too early
      set_input(inflating.stream, piece);
    }
    set_output(inflating.stream, room);
    result = inflate(&inflating.stream, Z_NO_FLUSH);
    if (result != Z_OK && result != Z_STREAM_END) return {};
    const std::size_t count = room.size() - inflating.stream.avail_out;
    std::size_t found = 0;
    if (const std::error_code error = plain.read_at(position, std::span{expected}.first(count), found))
      return error;
    if (found != count ||
        !std::equal(room.begin(), room.begin() + static_cast<std::ptrdiff_t>(count), expected.begin()))
      return {};
    position += count;
  }
  std::span<char> behind;
  if (const std::error_code error = pieces.next(behind)) return error;
  std::uint64_t size = 0;
  if (const std::error_code error = plain.size(size)) return error;
  is_same = size == position && inflating.stream.avail_in == 0 && behind.empty();
  return {};
}

}  // namespace mqtt_logger
