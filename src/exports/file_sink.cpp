#include "mqtt_logger/exports/file_sink.hpp"

#include "mqtt_logger/platform/crash_point.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace mqtt_logger {
namespace {

// A batch that was once larger (a message of megabytes) gives its memory back.
constexpr std::size_t kUsualBatchBytes = std::size_t{1024} * 1024;
// Of the beginning of a file: enough to tell it from zeros and from a file of another kind.
constexpr std::size_t kCheckedBytes = 15;

}  // namespace

FileSink::FileSink(FileFormat rules, std::filesystem::path path, std::shared_ptr<File> file,
                   const SinkCheckpoint& state)
    : rules_{std::move(rules)}, path_{std::move(path)}, file_{std::move(file)}, checkpoint_{state} {
  checkpoint_.is_present = file_ != nullptr;
}

void FileSink::append(const Fields& fields, std::uint64_t sequence) {
  if (sequence < checkpoint_.next_sequence) return;
  if (fields.payload.size() + fields.properties.size() >= kLongBytes) {
    long_ = fields;
  } else {
    rules_.append_to_body(batch_, fields, body_size() + batch_.size() == rules_.opening.size());
  }
}

std::error_code FileSink::write(bool& is_intact) noexcept {
  is_intact = true;
  if (batch_.empty() && !long_) return {};
  if (const std::error_code error = check_intact(is_intact); error || !is_intact) return error;
  crash_point("file-write-begun");
  std::uint64_t bytes = 0;
  std::error_code error = write_batch(bytes);
  if (!error) error = check_joint(is_intact);
  is_torn_ = static_cast<bool>(error);
  if (error) {
    cut_back();
    return error;
  }
  if (!is_intact) return {};
  crash_point("file-written");
  checkpoint_.body_size += bytes;
  batch_.clear();
  long_.reset();
  if (batch_.capacity() > kUsualBatchBytes) batch_.shrink_to_fit();
  return {};
}

/// `bytes`: what was written without the closing. A file that ends within a long record lacks its closing as
/// well: that is an unfinished write, which recovery knows.
std::error_code FileSink::write_batch(std::uint64_t& bytes) noexcept {
  if (!long_) {
    bytes = batch_.size();
    batch_ += rules_.closing;
    const std::error_code error = file_->write_at(body_size(), batch_);
    batch_.resize(static_cast<std::size_t>(bytes));
    return error;
  }
  std::error_code error;
  bytes = 0;
  const auto write_piece = [this, &error, &bytes](std::string_view piece) {
    if (!error) error = file_->write_at(body_size() + bytes, piece);
    bytes += piece.size();
  };
  std::string text = batch_;
  rules_.append_to_body(text, *long_, body_size() + text.size() == rules_.opening.size(),
                        Pieces{write_piece});
  text += rules_.closing;
  write_piece(text);
  bytes -= rules_.closing.size();
  return error;
}

void FileSink::forget_batch(std::uint64_t next_sequence) noexcept {
  if (batch_.empty() && !long_)
    checkpoint_.next_sequence = std::max(checkpoint_.next_sequence, next_sequence);
  batch_.clear();
  long_.reset();
}

void FileSink::go_back(const SinkCheckpoint& earlier) noexcept {
  checkpoint_ = earlier;
  batch_.clear();
  long_.reset();
  if (file_ == nullptr) return;
  is_torn_ = true;
  cut_back();
}

std::error_code FileSink::check_intact(bool& is_intact) noexcept {
  is_intact = true;
  if (file_ == nullptr || is_torn_) return {};
  std::uint64_t size = 0;
  if (const std::error_code error = file_->size(size)) return error;
  is_intact = size == body_size() + rules_.closing.size();
  if (!is_intact) return {};
  if (const std::error_code error = check_name(is_intact); error || !is_intact) return error;
  if (const std::error_code error = check_bytes(body_size(), rules_.closing, is_intact); error || !is_intact)
    return error;
  return check_bytes(0, beginning(), is_intact);
}

// A file that was cut in the very moment of a write has a hole before it, and must not be committed.
std::error_code FileSink::check_joint(bool& is_intact) noexcept {
  if (body_size() == 0) return {};
  char before = '\0';
  std::size_t count = 0;
  if (const std::error_code error = file_->read_at(body_size() - 1, std::span{&before, 1}, count))
    return error;
  is_intact = count == 1 && before != '\0';  // which never stands in an export
  if (!is_intact) return {};
  if (const std::error_code error = check_name(is_intact); error || !is_intact) return error;
  return check_bytes(0, beginning(), is_intact);
}

std::error_code FileSink::check_name(bool& is_intact) noexcept {
  bool is_deleted = false;
  const std::error_code error = file_->check_name(is_deleted);
  is_intact = !is_deleted;
  return error;
}

std::error_code FileSink::check_bytes(std::uint64_t offset, std::string_view expected,
                                      bool& is_same) noexcept {
  std::array<char, kCheckedBytes> found{};
  const std::span<char> part = std::span{found}.first(std::min(expected.size(), found.size()));
  std::size_t count = 0;
  if (const std::error_code error = file_->read_at(offset, part, count)) return error;
  is_same = expected.substr(0, part.size()) == std::string_view{found.data(), count};
  return {};
}

std::string FileSink::beginning() const {
  std::string text{rules_.opening, 0, kCheckedBytes};
  if (has_records()) text.append(rules_.before_first).append(rules_.record_begin);
  text.resize(std::min(text.size(), kCheckedBytes));
  return text;
}

// The closing needs no new space: it stood there before. Cut first: if the process ends in between, a
// beginning of the batch is left, which recovery knows. What fails here is tried again by the next write().
void FileSink::cut_back() noexcept {
  const bool is_cut = !file_->truncate(body_size() + rules_.closing.size());
  if (is_cut) is_torn_ = static_cast<bool>(file_->write_at(body_size(), rules_.closing));
}

}  // namespace mqtt_logger
