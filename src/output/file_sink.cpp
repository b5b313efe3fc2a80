#include "mqtt_logger/output/file_sink.hpp"

#include "mqtt_logger/journal/crash_point.hpp"

#include <algorithm>
#include <utility>

namespace mqtt_logger {
namespace {

// A batch that was once larger (a message of megabytes) gives its memory back.
constexpr std::size_t kUsualBatchBytes = std::size_t{1024} * 1024;

}  // namespace

FileSink::FileSink(FileFormat rules, std::filesystem::path path, std::shared_ptr<File> file,
                   const SinkCheckpoint& state)
    : rules_{std::move(rules)}, path_{std::move(path)}, file_{std::move(file)}, checkpoint_{state} {
  checkpoint_.is_present = file_ != nullptr;
}

void FileSink::append(const Fields& fields, std::uint64_t sequence) {
  if (sequence < checkpoint_.next_sequence) return;
  rules_.append_to_body(batch_, fields, body_size() + batch_.size() == rules_.opening.size());
}

std::error_code FileSink::write() noexcept {
  if (batch_.empty()) return {};
  const std::size_t batch_bytes = batch_.size();
  batch_ += rules_.closing;
  crash_point("file-write-begun");
  const std::error_code error = file_->write_at(body_size(), batch_);
  batch_.resize(batch_bytes);
  if (error) {
    cut_back();
    return error;
  }
  crash_point("file-written");
  checkpoint_.body_size += batch_bytes;
  batch_.clear();
  if (batch_.capacity() > kUsualBatchBytes) batch_.shrink_to_fit();
  return {};
}

void FileSink::forget_batch(std::uint64_t next_sequence) noexcept {
  if (batch_.empty()) checkpoint_.next_sequence = std::max(checkpoint_.next_sequence, next_sequence);
  batch_.clear();
}

// The closing needs no new space: it stood there before. Cut first: if the process ends in between, a
// beginning of the batch is left, which recovery knows. What fails here is tried again by the next write().
void FileSink::cut_back() noexcept {
  const bool is_cut = !file_->truncate(body_size() + rules_.closing.size());
  if (is_cut) static_cast<void>(file_->write_at(body_size(), rules_.closing));
}

}  // namespace mqtt_logger
